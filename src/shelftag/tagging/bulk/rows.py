"""Stage `rows`: a piece of a catalog, read again, with the tags of its names."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shelftag.artifacts import Tags
from shelftag.tagging.bulk.catalogs import Catalog, Part
from shelftag.tagging.bulk.commits import Counts, unique_name
from shelftag.tagging.bulk.formats import write_rows
from shelftag.tagging.bulk.names import by_hash, digest, read_of_all
from shelftag.tagging.bulk.rankings import ranking_of
from shelftag.tagging.columns import TaggedRows, gathered, tags_table
from shelftag.tagging.pieces import Block, ErrorRow, changed, errors_table, records
from shelftag.tagging.tagger import Ranking
from shelftag.tagging.texts import Texts

EMPTY = Ranking(
    np.zeros((0, 1), np.int64),
    np.zeros((0, 1), np.float32),
    np.zeros(0, np.bool_),
    np.zeros((0, 0), np.int64),
)


class RowCounts(Counts):
    """What became of a piece's rows: rows = tagged + errors."""

    rows: int
    tagged: int
    errors: int
    reasons: dict[str, int]
    """Why rows have no tag -> how many."""
    review: int
    departments: dict[str, int]
    """The Run's -> rows."""
    part: str
    """File with the rows that have a tag, below OUT; empty for none."""


@dataclass(frozen=True)
class Answers:
    """What the stage `scores` says of the names of a piece."""

    files: tuple[str, ...]
    """Of all groups, below OUT, in the order of their hashes."""
    labels: tuple[str, ...]
    """The departments that they point to."""
    hashes: str
    """Digest of the names that were scored for the piece."""


def write_tagged(part: Part, catalog: Catalog, answers: Answers, form: str, out: Tags) -> RowCounts:
    """Read a piece, gather its tags, and write it as parquet, csv or ndjson.

    Raises:
        Failed: the file cannot be read, or is not what it was.
    """
    block = catalog.files.read(part.piece)
    texts = catalog.naming.texts(block.table)
    ranking = _ranking(part, texts, answers, out)
    tags = tags_table(ranking, catalog.departments)
    done = gathered(block.table, texts, tags, catalog.naming)
    errors = block.errors + _refused(block, done)
    files: dict[str, int] = {}
    if len(done.table):
        folder = f"tags/{catalog.name}" if catalog.name else "tags"
        name = unique_name(part.index, f".{form}", folder)
        files[name] = write_rows(done.table, out.place / name, form, block.encodings)
    if errors:
        bad = unique_name(part.index, f".{form}", "errors")
        files[bad] = write_rows(errors_table(part.piece.file, errors), out.place / bad, form)
    return RowCounts(
        index=part.index,
        files=files,
        rows=part.piece.rows,
        tagged=len(done.table),
        errors=len(errors),
        reasons=dict(Counter(error.reason for error in errors)),
        review=done.review,
        departments=_departments(ranking, texts, answers.labels),
        part=name if len(done.table) else "",
    )


def _ranking(part: Part, texts: Texts, answers: Answers, out: Tags) -> Ranking:
    """Of a piece's texts, in their order."""
    order, hashes = by_hash(texts)
    if digest(hashes) != answers.hashes:
        raise changed(part.piece)
    if not len(order):
        return EMPTY
    found = pa.concat_tables(read_of_all(answers.files, [part.index], out))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return ranking_of(found.take(pa.array(place)))


def _refused(block: Block, done: TaggedRows) -> list[ErrorRow]:
    places = list(done.refused)
    rows = records(block.table.take(places)) if places else []
    return [
        ErrorRow(int(block.places[place]), done.refused[place], record)
        for place, record in zip(places, rows, strict=True)
    ]


def _departments(ranking: Ranking, texts: Texts, labels: Sequence[str]) -> dict[str, int]:
    first = ranking.departments[:, 0]
    counts = np.bincount(first, weights=texts.rows, minlength=len(labels)).astype(int).tolist()
    return {name: count for name, count in zip(labels, counts, strict=True) if count}

"""Stage `scores`: the names of some slots, of all pieces, each scored once.

names of every piece --together--> distinct --in an earlier output?--> taken over
       |                                  '-------------------------> Tagger.rank
       '--an answer to every piece <--gather-------------------------------'
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Tags
from shelftag.tagging.bulk.commits import Counts, unique_name
from shelftag.tagging.bulk.earlier import Found, find
from shelftag.tagging.bulk.groups import Group
from shelftag.tagging.bulk.job import Job
from shelftag.tagging.bulk.names import OPTIONS, hashes_of, read_of_all
from shelftag.tagging.bulk.queues import CHANGES, REVIEW, changed, for_review
from shelftag.tagging.bulk.rankings import COLUMNS, ranking_columns
from shelftag.tagging.tagger import Tagger
from shelftag.tagging.texts import as_list

BLOCK = 8_192
"""Names ranked at a time: their probabilities take more room than they do."""


class ScoreCounts(Counts):
    """What became of the names of a group."""

    answers: str
    """File with a batch for each piece."""
    names: str
    """File with the scored names."""
    hashes: tuple[int, int]
    """Of these names: [first, end)."""
    queues: dict[str, str]
    """Name of a queue -> file with its rows, where there are any."""
    unique: int
    scored: int
    gone: int
    changed_names: int
    changed_rows: int


@dataclass(frozen=True)
class Names:
    """The names of a group, each once."""

    table: pa.Table
    """text, name, description, rows, hash."""
    of_pieces: list[NDArray[np.int64]]
    """Positions of each piece's names, in their order there."""

    @property
    def texts(self) -> pa.StringArray:
        return self.table["text"].combine_chunks()


def score(
    group: Group,
    pieces: Sequence[str],
    tagger: Tagger,
    job: Job,
    alone: AbstractContextManager[object] | None = None,
) -> ScoreCounts:
    """Score the names of a group, and write an answer for each piece.

    Args:
        pieces: files of all pieces' names, below OUT.
        alone: held while the Tagger is at work, where another group is read or written meanwhile.
    """
    since, out = job.since, job.out
    slots = range(group.first, group.end)
    names = together(read_of_all(pieces, slots, out))
    hashes = group.hashes(job.bits)
    found = find(names.texts, hashes, since) if since else None
    known = found if found and since and since.is_same else None
    with alone or nullcontext():
        ranking = _ranked(names.texts, known, tagger)
    scored = names.table
    for column in COLUMNS:
        scored = scored.append_column(column, ranking[column])
    queues = {REVIEW: for_review(scored, job.called)}
    if found and since:
        queues[CHANGES] = changed(scored, found, job.called, since.called)
    moved = queues.get(CHANGES, pa.table({"rows": pa.array([], pa.int64())}))
    written = _write(group, names, scored, ranking, queues, out)
    return ScoreCounts(
        index=group.index,
        files=dict(written.values()),
        answers=written["answers"][0],
        names=written["names"][0],
        hashes=hashes,
        queues={queue: written[queue][0] for queue in queues if queue in written},
        unique=len(scored),
        scored=len(scored) - (int((known.place >= 0).sum()) if known else 0),
        gone=found.gone if found else 0,
        changed_names=len(moved),
        changed_rows=int(moved["rows"].to_numpy().sum()),
    )


def together(pieces: Sequence[pa.Table]) -> Names:
    """The names of several pieces, each once; of one that several have, the first piece's."""
    table = pa.concat_tables(pieces).combine_chunks()
    encoded = table["text"].combine_chunks().dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    first = np.empty(len(encoded.dictionary), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # of several, numpy keeps the last written
    rows = np.zeros(len(first), np.int64)
    np.add.at(rows, codes, table["rows"].to_numpy())
    unique = table.take(pa.array(first)).drop_columns("rows")
    unique = unique.append_column("rows", pa.array(rows))
    unique = unique.append_column("hash", pa.array(hashes_of(encoded.dictionary)))
    cuts = np.cumsum([len(one) for one in pieces])[:-1]
    return Names(unique, np.split(codes, cuts))


def _ranked(texts: pa.StringArray, known: Found | None, tagger: Tagger) -> pa.Table:
    """Columns of a Ranking: those of an earlier output, and the others from the Tagger."""
    if known is None or not len(known.names):
        return _scored(texts, tagger)
    is_new = known.place < 0
    new = _scored(texts.filter(pa.array(is_new)), tagger)
    old = known.names.select(COLUMNS)
    if not len(new):
        return old.take(pa.array(known.place))
    place = np.where(is_new, np.cumsum(is_new) - 1 + len(old), known.place)
    return pa.concat_tables([old, new.cast(old.schema)]).combine_chunks().take(pa.array(place))


def _scored(texts: pa.StringArray, tagger: Tagger) -> pa.Table:
    blocks = [
        ranking_columns(tagger.rank(as_list(texts.slice(start, BLOCK))))
        for start in range(0, len(texts), BLOCK)
    ]
    return pa.concat_tables(blocks or [ranking_columns(tagger.rank([]))]).combine_chunks()


def _write(
    group: Group,
    names: Names,
    scored: pa.Table,
    ranking: pa.Table,
    queues: dict[str, pa.Table],
    out: Tags,
) -> dict[str, tuple[str, int]]:
    """What was written -> its file, below OUT, and bytes."""
    written = {"names": _parquet(scored, unique_name(group.index, ".parquet", "names"), out)}
    for queue, rows in queues.items():
        if len(rows):
            name = unique_name(group.index, ".parquet", f"work/{queue}")
            written[queue] = _parquet(rows, name, out)
    name = unique_name(group.index, ".arrow", "work/answers")
    with (out.place / name).create() as sink:
        with pa.ipc.new_file(sink, ranking.schema, options=OPTIONS) as writer:
            for positions in names.of_pieces:
                answer = ranking.take(pa.array(positions)).combine_chunks()
                writer.write_batch(_batch(answer))
        written["answers"] = (name, int(sink.tell()))
    return written


def _batch(table: pa.Table) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def _parquet(table: pa.Table, name: str, out: Tags) -> tuple[str, int]:
    with (out.place / name).create() as sink:
        pq.write_table(table, sink, compression="zstd", use_dictionary=False)
        return name, int(sink.tell())

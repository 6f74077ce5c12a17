"""Rows of a catalog -> the same rows with their tags, and the rows that cannot have one.

    name, description -> distinct pairs -> model inputs -> distinct texts -> Tagger.rank
                                |                                              |
    rows with tags <-- take <---'---------- department, confidence, ... <------'

Work is done once for each distinct value, and rows only gather.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.tagging.products import BadProduct, model_input
from shelftag.tagging.tagger import REVIEW, TAGGED, Ranking, Tagger

TAG_COLUMNS = ("department", "confidence", "alternatives", "candidates", "status")


@dataclass(frozen=True)
class Naming:
    """Which columns of a catalog are read, and how the new ones are named."""

    name_column: str
    description_column: str | None = None
    prefix: str = ""

    @property
    def new_columns(self) -> list[str]:
        """Department, confidence, alternatives, candidates and status, with the prefix."""
        return [self.prefix + column for column in TAG_COLUMNS]


@dataclass(frozen=True)
class TaggedRows:
    """What became of n rows: each is in `table` or in `refused`."""

    table: pa.Table
    """The rows that have a tag, in order: their own columns, then the five new ones."""
    refused: dict[int, str]
    """Position of a row -> why it has none."""
    unique_names: int
    """Distinct model inputs, each scored once."""
    departments: dict[str, int]
    """Rows by department, where there are any."""
    review: int
    """Rows of status `review`."""


def tag_rows(tagger: Tagger, rows: pa.Table, naming: Naming) -> TaggedRows:
    """Tag a table whose name and description columns hold text."""
    pairs, pair_of_row = _distinct_products(rows, naming)
    texts, text_of_pair, reasons = _model_inputs(pairs)
    ranking = tagger.rank(texts)
    text_of_row = text_of_pair[pair_of_row]
    has_tag = text_of_row >= 0
    found = text_of_row[has_tag]
    table = rows if has_tag.all() else rows.filter(pa.array(has_tag))
    tags = tags_table(ranking, tagger.departments.names).take(pa.array(found))
    for column, values in zip(naming.new_columns, tags.columns, strict=True):
        table = table.append_column(column, values)
    counts = np.bincount(ranking.departments[found, 0], minlength=len(tagger.departments))
    return TaggedRows(
        table=table,
        refused={int(row): reasons[pair_of_row[row]] for row in np.flatnonzero(~has_tag)},
        unique_names=len(texts),
        departments={
            name: int(count)
            for name, count in zip(tagger.departments.names, counts, strict=True)
            if count
        },
        review=int(ranking.review[found].sum()),
    )


def tags_table(ranking: Ranking, departments: Sequence[str]) -> pa.Table:
    """The five columns of n texts; all but the confidence are dictionaries."""
    first = pa.array(ranking.departments[:, 0].astype(np.int32))
    status = pa.array(ranking.review.astype(np.int8))
    columns = [
        pa.DictionaryArray.from_arrays(first, pa.array(departments, pa.string())),
        pa.array(ranking.confidence[:, 0]),
        pa.array(_alternatives(ranking, departments), pa.string()).dictionary_encode(),
        pa.array(_candidates(ranking, departments), pa.string()).dictionary_encode(),
        pa.DictionaryArray.from_arrays(status, pa.array([TAGGED, REVIEW])),
    ]
    return pa.table(columns, names=list(TAG_COLUMNS))


def _alternatives(ranking: Ranking, departments: Sequence[str]) -> list[str]:
    """The next likeliest departments of each text, as JSON."""
    quoted = [f'{{"department": {json.dumps(name)}, "confidence": ' for name in departments]
    return [
        "[" + ", ".join(f"{quoted[i]}{round(c, 6)}}}" for i, c in others) + "]"
        for others in (
            zip(order[1:], confidence[1:], strict=True)
            for order, confidence in zip(
                ranking.departments.tolist(), ranking.confidence.tolist(), strict=True
            )
        )
    ]


def _candidates(ranking: Ranking, departments: Sequence[str]) -> list[str]:
    """The names of each text's candidates, as JSON."""
    quoted = [json.dumps(name) for name in departments]
    rows = ranking.candidates.tolist()
    return ["[" + ", ".join(quoted[i] for i in row if i >= 0) + "]" for row in rows]


def _distinct_products(
    rows: pa.Table, naming: Naming
) -> tuple[list[tuple[bytes | None, bytes | None]], NDArray[np.int64]]:
    """Distinct (name, description), as bytes, and the position of each row's among them, [n]."""
    names, name_of_row = _distinct(rows[naming.name_column])
    if naming.description_column is None:
        return [(name, None) for name in names], name_of_row
    more, more_of_row = _distinct(rows[naming.description_column])
    keys, pair_of_row = np.unique(name_of_row * len(more) + more_of_row, return_inverse=True)
    return [(names[key // len(more)], more[key % len(more)]) for key in keys], pair_of_row


def _distinct(column: pa.ChunkedArray) -> tuple[list[bytes | None], NDArray[np.int64]]:
    """Distinct values, null last whether there is one or not, and their positions by row."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = column.dictionary_encode().combine_chunks()
    values: list[bytes | None] = encoded.dictionary.cast(pa.large_binary()).to_pylist()
    codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    return [*values, None], codes.astype(np.int64)


def _model_inputs(
    pairs: Sequence[tuple[bytes | None, bytes | None]],
) -> tuple[list[str], NDArray[np.int64], dict[int, str]]:
    """Distinct texts, the position of each pair's among them (-1: none), and why it has none."""
    places: dict[str, int] = {}
    text_of_pair = np.full(len(pairs), -1, dtype=np.int64)
    reasons = {}
    for position, (name, description) in enumerate(pairs):
        try:
            words = model_input(name, description)
        except BadProduct as problem:
            reasons[position] = str(problem)
        else:
            text_of_pair[position] = places.setdefault(words, len(places))
    return list(places), text_of_pair, reasons

"""Rows of a catalog -> the same rows with their tags, and the rows that cannot have one.

    rows --texts_of--> distinct texts --Tagger.rank--> tags_table
      |                     |                              |
      '-----------------> take <---------------------------'--> rows with tags

Work is done once for each distinct text, and rows only gather.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shelftag.tagging.tag_texts import alternatives_json, candidates_json
from shelftag.tagging.tagger import REVIEW, TAGGED, Ranking, Tagger
from shelftag.tagging.texts import Texts, as_list, texts_of

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

    @property
    def read_columns(self) -> list[str]:
        """What the model's input is made of."""
        return [self.name_column, *([self.description_column] if self.description_column else [])]

    def texts(self, rows: pa.Table) -> Texts:
        """The model inputs of rows."""
        return texts_of(*(rows[column] for column in self.read_columns))


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
    texts = naming.texts(rows)
    tags = tags_table(tagger.rank(as_list(texts.texts)), tagger.departments.names)
    return gathered(rows, texts, tags, naming)


def gathered(rows: pa.Table, texts: Texts, tags: pa.Table, naming: Naming) -> TaggedRows:
    """Rows with the tags of their texts, [texts]."""
    has_tag = texts.of_row >= 0
    of_row = pa.array(texts.of_row[has_tag])
    table = rows if has_tag.all() else rows.filter(pa.array(has_tag))
    for column, values in zip(naming.new_columns, tags.columns, strict=True):
        table = table.append_column(column, values.combine_chunks().take(of_row))
    return TaggedRows(
        table=table,
        refused=texts.reasons,
        unique_names=len(texts.texts),
        departments=_rows_by(tags["department"], texts),
        review=_rows_by(tags["status"], texts).get(REVIEW, 0),
    )


def _rows_by(column: pa.ChunkedArray, texts: Texts) -> dict[str, int]:
    """Rows of each value of a dictionary column of tags."""
    encoded = column.combine_chunks()
    counts = np.bincount(encoded.indices, weights=texts.rows, minlength=len(encoded.dictionary))
    found: Counter[str] = Counter()
    for name, count in zip(encoded.dictionary.to_pylist(), counts.tolist(), strict=True):
        found[name] += int(count)
    return {name: count for name, count in found.items() if count}


def tags_table(ranking: Ranking, departments: Sequence[str]) -> pa.Table:
    """The five columns of n texts; all but the confidence are dictionaries."""
    first = pa.array(ranking.departments[:, 0].astype(np.int32))
    status = pa.array(ranking.review.astype(np.int8))
    columns = [
        pa.DictionaryArray.from_arrays(first, pa.array(departments, pa.string())),
        pa.array(ranking.confidence[:, 0]),
        alternatives_json(ranking, departments).dictionary_encode(),
        candidates_json(ranking, departments).dictionary_encode(),
        pa.DictionaryArray.from_arrays(status, pa.array([TAGGED, REVIEW])),
    ]
    return pa.table(columns, names=list(TAG_COLUMNS))

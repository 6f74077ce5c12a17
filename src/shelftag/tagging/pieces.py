"""Pieces of catalog files: what one task reads, tags and writes.

A piece is a run of rows of one file, found by the bytes of a CSV file or the rows of a Parquet
row group, so that it can be read alone, on any machine, and again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.errors import Failed

ERRORS_SCHEMA = pa.schema(
    {"file": pa.string(), "row": pa.int64(), "reason": pa.string(), "record": pa.string()}
)


@dataclass(frozen=True)
class Piece:
    """Some rows of one file."""

    file: str
    first_row: int
    """Rows of the file before it."""
    rows: int
    start: int
    end: int
    """[start, end): bytes of a CSV file, or rows of a Parquet row group."""
    group: int = 0
    """Row group of a Parquet file."""


@dataclass(frozen=True)
class ErrorRow:
    """A row without a tag."""

    row: int
    """Its place in the file: 1 is the first row of data."""
    reason: str
    record: str
    """What stood there: its columns as JSON, or a line that is no row as it is."""


@dataclass(frozen=True)
class Block:
    """A piece, read: each of its rows is in `table` or in `errors`."""

    table: pa.Table
    places: NDArray[np.int64]
    """The place in the file of each row of the table; 1 is the first."""
    errors: list[ErrorRow]


def parquet_pieces(file: Path, rows_per_block: int) -> Iterator[Piece]:
    """Each row group, in runs of at most `rows_per_block` rows."""
    metadata, first_row = pq.read_metadata(file), 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        for start in range(0, rows, rows_per_block):
            end = min(start + rows_per_block, rows)
            yield Piece(str(file), first_row + start, end - start, start, end, group)
        first_row += rows


def read_parquet_piece(piece: Piece) -> Block:
    """Columns as they are stored.

    Raises:
        Failed: the file cannot be read.
    """
    try:
        rows = _row_group(piece.file, piece.group).slice(piece.start, piece.rows)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise Failed(f"{piece.file} cannot be read ({reason})", "write the file again") from error
    return Block(rows, np.arange(len(rows)) + piece.first_row + 1, [])


@lru_cache(maxsize=1)
def _row_group(file: str, group: int) -> pa.Table:
    """A task's pieces mostly follow each other: the group is read once for all of them."""
    with pq.ParquetFile(file) as source:
        return source.read_row_group(group)


def records(rows: pa.Table) -> list[str]:
    """Each row as a JSON object; what is no text or number is written as Python shows it."""
    columns = {name: _values(rows[name]) for name in rows.column_names}
    return [
        json.dumps({name: values[i] for name, values in columns.items()}, default=str)
        for i in range(len(rows))
    ]


def _values(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    texts = (pa.string(), pa.large_string(), pa.string_view(), pa.binary())
    if column.type not in texts:
        values: list[object] = column.to_pylist()
        return values
    raw = column.cast(pa.large_binary()).to_pylist()  # text may be broken UTF-8
    return [None if value is None else value.decode(errors="backslashreplace") for value in raw]


def errors_table(file: str, errors: list[ErrorRow]) -> pa.Table:
    """As stored under `errors/`."""
    ordered = sorted(errors, key=lambda error: error.row)
    return pa.table(
        [
            [file] * len(ordered),
            [error.row for error in ordered],
            [error.reason for error in ordered],
            [error.record for error in ordered],
        ],
        schema=ERRORS_SCHEMA,
    )

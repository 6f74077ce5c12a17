"""Pieces of catalog files: what one task reads, tags and writes.

A piece is a run of rows of one file, found by its bytes, or by the row groups of a Parquet file,
so that it can be read alone, on any machine, and again.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Place
from shelftag.errors import Failed, InputChanged

GROUP_BYTES = 2**28
"""Of values, as they are stored but not packed, in one piece: a larger row group is read by several
tasks."""

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
    """[start, end): bytes, or row groups of a Parquet file, of which it may be a part."""
    torn: tuple[int, ...] = ()
    """Rows of a CSV file in which text follows a closing quote; 0 is the first of the piece."""


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
    encodings: dict[str, str] = field(default_factory=dict)
    """How a Parquet file stores its columns: the name of an encoding."""


def parquet_pieces(file: Place, rows_per_block: int) -> Iterator[Piece]:
    """Neighbouring row groups together, up to `rows_per_block` and `GROUP_BYTES`; one with more
    bytes in parts."""
    with file.open() as source:
        metadata = pq.read_metadata(source)
    start, first_row, rows, size = 0, 0, 0, 0
    for i in range(metadata.num_row_groups):
        group = metadata.row_group(i)
        is_full = size + group.total_byte_size > GROUP_BYTES
        if rows and (is_full or rows + group.num_rows > rows_per_block):
            yield Piece(str(file), first_row, rows, start, i)
            first_row, rows, size = first_row + rows, 0, 0
        if group.total_byte_size > GROUP_BYTES:
            yield from _parts(file, first_row, i, group)
            first_row += group.num_rows
            continue
        start = start if rows else i
        rows, size = rows + group.num_rows, size + group.total_byte_size
    if rows:
        yield Piece(str(file), first_row, rows, start, metadata.num_row_groups)


def _parts(file: Place, first_row: int, i: int, group: Any) -> Iterator[Piece]:
    parts = -(-group.total_byte_size // GROUP_BYTES)
    edges = [group.num_rows * part // parts for part in range(parts + 1)]
    for begin, end in pairwise(edges):
        yield Piece(str(file), first_row + begin, end - begin, i, i + 1)


def read_parquet_piece(file: Place, piece: Piece, columns: Sequence[str] | None = None) -> Block:
    """Columns as they are stored: all, or some.

    Raises:
        Failed: the file cannot be read, or is not what it was.
    """
    try:
        with file.open() as source, pq.ParquetFile(source) as parquet:
            metadata = parquet.metadata
            before = sum(metadata.row_group(i).num_rows for i in range(piece.start))
            groups = range(piece.start, piece.end)
            rows = parquet.read_row_groups(groups, columns, use_threads=False)
            encodings = _encodings(metadata.row_group(piece.start))
    except (OSError, pa.ArrowException, IndexError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Failed(f"{piece.file} cannot be read ({reason})", "write the file again") from error
    rows = rows.slice(piece.first_row - before, piece.rows)
    if len(rows) != piece.rows:
        raise changed(piece)
    return Block(rows, np.arange(len(rows)) + piece.first_row + 1, [], encodings)


def _encodings(group: Any) -> dict[str, str]:
    """Of the columns of a row group; those of lists and structs by their path."""
    found = {}
    for i in range(group.num_columns):
        column = group.column(i)
        own = set(column.encodings) - {"PLAIN", "RLE", "BIT_PACKED"}
        found[column.path_in_schema] = next(iter(sorted(own, reverse=True)), "PLAIN")
    return found


def changed(piece: Piece) -> InputChanged:
    """A file is not what it was when the job began."""
    problem = f"{piece.file} changed while it was read"
    return InputChanged(problem, "give the same command again, on files that stay as they are")


def records(rows: pa.Table) -> list[str]:
    """Each row as a JSON object; what is no text or number is written as Python shows it."""
    columns = {name: values(rows[name]) for name in rows.column_names}
    return [
        as_json({name: values[i] for name, values in columns.items()}) for i in range(len(rows))
    ]


def as_json(value: object, *, ascii_only: bool = True) -> str:
    """JSON, which has no NaN and no infinity: null stands for them."""
    try:
        return json.dumps(value, default=str, ensure_ascii=ascii_only, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), default=str, ensure_ascii=ascii_only)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def values(column: pa.ChunkedArray) -> list[object]:
    """As Python has them; broken UTF-8 with its bytes written out."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    texts = (pa.string(), pa.large_string(), pa.string_view())
    raws = (pa.binary(), pa.large_binary(), pa.binary_view())
    if column.type not in (*texts, *raws):
        found: list[object] = column.to_pylist()
        return found
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

"""Rows of a piece of a CSV file in which a line is a row: the good, typed, and the bad, named.

    chunk --> pyarrow.csv --> all good? --yes--> typed columns
                                 |
                                 no --> both halves, each again --> ... --> line by line

A bad line costs the fast path a few small pieces, not the chunk.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from shelftag.tables.fields import BadRow, Value, read_fields, split_fields
from shelftag.tables.lines import is_empty, lines
from shelftag.tables.rejects import Reject, reject
from shelftag.tables.schemas import CATEGORY, Column
from shelftag.tables.sources import Source

SLOW_BYTES = 2**12
UNCERTAIN = (b"\0", b"x", b"X")  # pyarrow.csv takes 0x1F for a number, and skips unread columns


@dataclass(frozen=True)
class Parsed:
    """What a piece of a file holds: every line is in one of the two."""

    rows: pa.Table
    rejects: list[Reject]

    @property
    def read(self) -> int:
        """Rows in the file."""
        return len(self.rows) + len(self.rejects)


def parse(chunk: bytes, start: int, source: Source) -> Parsed:
    """Whole lines of `source`, at byte offset `start`, as `source.columns`; row order is kept."""
    rows = _all_good(chunk, source)
    if rows is not None:
        return Parsed(rows, [])
    middle = chunk.find(b"\n", len(chunk) // 2) + 1
    if len(chunk) <= SLOW_BYTES or middle in (0, len(chunk)):
        return _line_by_line(chunk, start, source)
    first = parse(chunk[:middle], start, source)
    second = parse(chunk[middle:], start + middle, source)
    return Parsed(pa.concat_tables([first.rows, second.rows]), first.rejects + second.rejects)


def _all_good(chunk: bytes, source: Source) -> pa.Table | None:
    if not chunk.isascii() or any(byte in chunk for byte in UNCERTAIN):
        return None
    try:
        rows = _read(chunk, source)
    except pa.ArrowInvalid:
        return None
    # A row that is not a line (empty, ended by \r alone, quoted over two) has no sure place.
    one_a_line = rows.num_rows == chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    allowed = (_allowed(rows[column.name], column) for column in source.columns)
    return rows if one_a_line and all(allowed) else None


def _read(chunk: bytes, source: Source) -> pa.Table:
    return pcsv.read_csv(
        pa.BufferReader(chunk),
        read_options=pcsv.ReadOptions(column_names=source.header, use_threads=False),
        convert_options=pcsv.ConvertOptions(
            include_columns=[column.name for column in source.columns],
            column_types={column.name: _stored(column) for column in source.columns},
            null_values=[""],
            strings_can_be_null=False,
        ),
    )


def _stored(column: Column) -> pa.DataType:
    return CATEGORY if column.choices else column.type


def _allowed(values: pa.ChunkedArray, column: Column) -> bool:
    if values.null_count and not column.nullable:
        return False
    if column.choices:
        return all(set(part.dictionary.to_pylist()) <= {*column.choices} for part in values.chunks)
    if pa.types.is_floating(column.type) and pc.any(pc.invert(pc.is_finite(values))).as_py():
        return False
    ends = pc.min_max(values).as_py()
    return ends["min"] is None or column.low <= ends["min"] <= ends["max"] <= column.high


def _line_by_line(chunk: bytes, start: int, source: Source) -> Parsed:
    good: list[tuple[Value, ...]] = []
    bad: list[Reject] = []
    for position, line in lines(chunk, start):
        if is_empty(line):
            continue
        try:
            good.append(read_fields(split_fields(line, strict=False), source))
        except BadRow as row:
            bad.append(reject(source, position, row.reason, line))
    return Parsed(table_of(good, source), bad)


def table_of(rows: list[tuple[Value, ...]], source: Source) -> pa.Table:
    """Rows of values as the columns of `source`."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(source.columns)
    return pa.table(
        {
            column.name: pa.array(list(values), column.type).cast(_stored(column))
            for values, column in zip(columns, source.columns, strict=True)
        }
    )

"""Rows of a chunk of a table in which a line is a row: the good, typed, and the bad, named.

    chunk --> pyarrow.csv --> all good? --yes--> typed columns
                                 |
                                 no --> blocks --> doubtful lines --> row by row --> good, bad
                                          |                              ^
                                          '-> the others --> pyarrow.csv '-- not allowed
                                                                 '--> good

Rows of Parquet are cast, or go the same way as lines of a CSV.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
from numpy.typing import NDArray

from shelftag.tables.fields import BadRow, Value, read_fields, split_fields
from shelftag.tables.lines import is_empty, lines
from shelftag.tables.ranges import Chunk
from shelftag.tables.rejects import Reason, Reject, bad_row
from shelftag.tables.schemas import Column
from shelftag.tables.screen import doubtful_lines
from shelftag.tables.sources import Source
from shelftag.tables.typed import as_csv, cast, stored, written

BLOCK_BYTES = 2**22  # of a chunk that is not all good; numpy's arrays of it are ten times larger
SLOW_BYTES = 2**12
UNCERTAIN = (b"\0", b"x", b"X")  # pyarrow.csv takes 0x1F for a number, and skips unread columns


@dataclass(frozen=True)
class Parsed:
    """What a piece of a file holds: every row is in one of the two."""

    rows: pa.Table
    rejects: list[Reject]

    @property
    def read(self) -> int:
        """Rows in the file."""
        return len(self.rows) + len(self.rejects)


class _Judged(NamedTuple):
    """Rows read one by one."""

    good: list[tuple[Value, ...]]
    positions: list[int]
    """Byte offsets of the good."""
    rejects: list[Reject]


def parse(chunk: Chunk, source: Source) -> Parsed:
    """Whole rows of `source` as `source.columns`; row order is kept."""
    if isinstance(chunk.data, bytes):
        return _parse(chunk.data, chunk.start, source)
    rows = cast(chunk.data, source)
    if rows is not None and _all_allowed(rows, source):
        return Parsed(rows, [])
    data = as_csv(chunk.data, source)
    parsed = _parse(data, 0, written(source))
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    numbers = chunk.start + np.searchsorted(ends, [row.position for row in parsed.rejects])
    rejects = zip(parsed.rejects, numbers.tolist(), strict=True)
    return Parsed(parsed.rows, [row._replace(position=number) for row, number in rejects])


def table_of(rows: list[tuple[Value, ...]], columns: tuple[Column, ...]) -> pa.Table:
    """Rows of values as columns."""
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pa.table(
        {
            column.name: pa.array(list(found), column.type).cast(stored(column))
            for found, column in zip(values, columns, strict=True)
        }
    )


def _parse(data: bytes, start: int, source: Source) -> Parsed:
    rows = _all_good(data, source)
    if rows is not None:
        return Parsed(rows, [])
    blocks = [_block(block, at, source) for at, block in _blocks(data, start)]
    tables = [table_of([], source.columns), *(block.rows for block in blocks)]
    return Parsed(pa.concat_tables(tables), [row for block in blocks for row in block.rejects])


def _all_good(data: bytes, source: Source) -> pa.Table | None:
    if not data.isascii() or any(byte in data for byte in UNCERTAIN):
        return None
    if b'"' in data and not _quotes_close(data):
        return None
    types = {column.name: stored(column) for column in source.columns}
    rows = _read(data, types, source)
    # A row that is not a line (empty, ended by \r alone, quoted over two) has no sure place.
    one_a_line = data.count(b"\n") + (not data.endswith(b"\n"))
    if rows is None or rows.num_rows != one_a_line or not _all_allowed(rows, source):
        return None
    return rows


def _quotes_close(data: bytes) -> bool:
    """Whether every line has an even number of quotes."""
    values = np.frombuffer(data, np.uint8)
    quotes, ends = (np.flatnonzero(values == ord(byte)) for byte in '"\n')
    return not (np.searchsorted(quotes, ends) % 2).any() and len(quotes) % 2 == 0


def _read(data: bytes, types: dict[str, pa.DataType], source: Source) -> pa.Table | None:
    """What pyarrow makes of it; none if it refuses."""
    convert = pcsv.ConvertOptions(
        include_columns=list(types),
        column_types=types,
        null_values=[""],
        strings_can_be_null=False,
    )
    names = pcsv.ReadOptions(column_names=source.header, use_threads=False)
    try:
        return pcsv.read_csv(pa.BufferReader(data), read_options=names, convert_options=convert)
    except pa.ArrowInvalid:
        return None


def _all_allowed(rows: pa.Table, source: Source) -> bool:
    return all(_allowed(rows[column.name], column) for column in source.columns)


def _allowed(values: pa.ChunkedArray, column: Column) -> bool:
    if values.null_count and not column.nullable:
        return False
    if column.choices:
        return all(set(part.dictionary.to_pylist()) <= {*column.choices} for part in values.chunks)
    if pa.types.is_floating(column.type) and pc.any(pc.invert(pc.is_finite(values))).as_py():
        return False
    ends = pc.min_max(values).as_py()
    return ends["min"] is None or column.low <= ends["min"] <= ends["max"] <= column.high


def _blocks(data: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """(byte offset, whole lines), each of at least `BLOCK_BYTES` but the last."""
    begin = 0
    while begin < len(data):
        end = data.find(b"\n", begin + BLOCK_BYTES) + 1 or len(data)
        yield start + begin, data[begin:end]
        begin = end


def _block(block: bytes, start: int, source: Source) -> Parsed:
    """Lines of which some are bad: only the doubtful are read one by one."""
    data = np.frombuffer(block if block.endswith(b"\n") else block + b"\n", np.uint8)
    ends = np.flatnonzero(data == ord("\n")) + 1
    starts = np.insert(ends[:-1], 0, 0)
    doubtful = doubtful_lines(data, source)
    plain = np.flatnonzero(~doubtful)
    rows = _read_wide(data[np.repeat(~doubtful, ends - starts)].tobytes(), source)
    if rows is None or rows.num_rows != len(plain):
        return _halves(block, start, source)
    good = _good(rows, source)
    doubtful[plain[~good]] = True
    judged = _judge(_some_lines(block, start, starts[doubtful], ends[doubtful]), source)
    rows = _narrow(rows.filter(pa.array(good)), source)
    return Parsed(_in_order(rows, start + starts[plain[good]], judged, source), judged.rejects)


def _read_wide(data: bytes, source: Source) -> pa.Table | None:
    """Plain lines in types that hold any number of theirs."""
    wide = {column.name: _wide(column) for column in source.columns}
    if data:
        return _read(data, wide, source)
    return pa.table({name: pa.array([], kind) for name, kind in wide.items()})


def _wide(column: Column) -> pa.DataType:
    if column.choices:
        return stored(column)
    return pa.float64() if pa.types.is_floating(column.type) else pa.int64()


def _good(rows: pa.Table, source: Source) -> NDArray[np.bool_]:
    """Which rows are allowed in every column, [rows]."""
    good = np.ones(len(rows), np.bool_)
    for column in source.columns:
        values = rows[column.name]
        if column.choices:
            allowed = pc.is_in(values.cast(pa.string()), pa.array(column.choices))
        else:
            low, high = (pa.scalar(end, _wide(column)) for end in (column.low, column.high))
            allowed = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
        good &= pc.fill_null(allowed, column.nullable).to_numpy()
    return good


def _narrow(rows: pa.Table, source: Source) -> pa.Table:
    return pa.table({c.name: rows[c.name].cast(stored(c)) for c in source.columns})


def _in_order(
    rows: pa.Table, positions: NDArray[np.int64], judged: _Judged, source: Source
) -> pa.Table:
    """Good rows of both ways in order of their positions."""
    if not judged.good:
        return rows
    both = pa.concat_tables([rows, table_of(judged.good, source.columns)]).unify_dictionaries()
    order = np.argsort(np.concatenate([positions, judged.positions]), kind="stable")
    return both.take(pa.array(order))


def _halves(block: bytes, start: int, source: Source) -> Parsed:
    """Lines that look plain and that pyarrow refuses: rare, so they are looked for by halves."""
    middle = block.find(b"\n", len(block) // 2) + 1
    if len(block) <= SLOW_BYTES or middle in (0, len(block)):
        return _line_by_line(block, start, source)
    first = _parse(block[:middle], start, source)
    second = _parse(block[middle:], start + middle, source)
    return Parsed(pa.concat_tables([first.rows, second.rows]), first.rejects + second.rejects)


def _line_by_line(data: bytes, start: int, source: Source) -> Parsed:
    judged = _judge(lines(data, start), source)
    return Parsed(table_of(judged.good, source.columns), judged.rejects)


def _some_lines(
    block: bytes, start: int, lows: NDArray[np.int64], highs: NDArray[np.int64]
) -> Iterator[tuple[int, bytes]]:
    for low, high in zip(lows.tolist(), highs.tolist(), strict=True):
        yield from lines(block[low:high], start + low)


def _judge(rows: Iterable[tuple[int, bytes]], source: Source) -> _Judged:
    """The judge of what is a bad row, which the fast ways only foresee."""
    judged = _Judged([], [], [])
    for position, line in rows:
        if is_empty(line):
            continue
        try:
            if line.count(b'"') % 2:  # a quote that goes on in the next line, or came from the last
                raise BadRow(Reason.QUOTES)
            judged.good.append(read_fields(split_fields(line, strict=False), source))
            judged.positions.append(position)
        except BadRow as row:
            judged.rejects.append(bad_row(source, position, row.reason, line))
    return judged

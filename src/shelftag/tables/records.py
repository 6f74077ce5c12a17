"""Rows of a small table in which a text may hold line ends: products and the like."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shelftag.tables.fields import BadRow, Value, read_fields, split_fields
from shelftag.tables.lines import is_empty, lines
from shelftag.tables.ranges import Chunk, table_chunks
from shelftag.tables.rejects import Reason, Reject, bad_row, reject
from shelftag.tables.schemas import Column
from shelftag.tables.sources import Source
from shelftag.tables.typed import texts, written

BLOCK_BYTES = 2**26
MAX_LINES = 50  # of one row; an unclosed quote must not swallow the rest of the table


Row = tuple[int, bytes, list[str] | Reason]
"""Position (as `Reject` has it), the row as CSV, and its fields or why it has none."""


class Record(NamedTuple):
    """A good row and where it stands."""

    values: tuple[Value, ...]
    """In the order of `columns_of` the table's files."""
    position: int
    """As `Reject` has it."""
    raw: bytes
    source: Source

    def rejected(self, reason: Reason) -> Reject:
        """The row, for a reason that only the whole table shows."""
        return reject(self.source, self.position, reason, self.raw)


class Records(NamedTuple):
    """A whole table."""

    good: list[Record]
    rejects: list[Reject]


def read_records(sources: tuple[Source, ...]) -> Records:
    """Every row of a table: the good, and the rejected.

    Raises:
        Failed: a file is cut off or damaged.
    """
    records = Records([], [])
    for source in sources:
        _read(source, columns_of(sources), records)
    return records


def columns_of(sources: tuple[Source, ...]) -> tuple[Column, ...]:
    """The columns that some file of a table has, in the table's order."""
    found = {column.name for source in sources for column in source.columns}
    return tuple(column for column in sources[0].table.columns if column.name in found)


def unique_records(records: Records) -> Records:
    """The first row of each id (the first column); later ones are rejected."""
    seen: set[Value] = set()
    unique = Records([], list(records.rejects))
    for record in records.good:
        if record.values[0] in seen:
            unique.rejects.append(record.rejected(Reason.DUPLICATE))
        else:
            seen.add(record.values[0])
            unique.good.append(record)
    return unique


def _read(source: Source, columns: tuple[Column, ...], records: Records) -> None:
    """Add the rows of a file."""
    places = [source.columns.index(c) if c in source.columns else None for c in columns]
    found = judge(rows_of(source), source)
    records.rejects.extend(found.rejects)
    for record in found.good:
        values = tuple(None if place is None else record.values[place] for place in places)
        records.good.append(record._replace(values=values))


def judge(rows: Iterable[Row], source: Source) -> Records:
    """The good of some rows of a file, as `source.columns`, and the rejected."""
    read_as = written(source) if source.file.format == "parquet" else source
    records = Records([], [])
    for position, raw, fields in rows:
        try:
            if isinstance(fields, Reason):
                raise BadRow(fields)
            values = read_fields(fields, read_as)
        except BadRow as row:
            records.rejects.append(bad_row(source, position, row.reason, raw))
            continue
        records.good.append(Record(values, position, raw, source))
    return records


def rows_of(source: Source) -> Iterator[Row]:
    """Every row of a file."""
    if source.file.format != "parquet":
        yield from csv_rows(list(lines(whole_csv(source), source.body_start)), source)
        return
    for _, chunk in table_chunks((source,), BLOCK_BYTES):
        yield from parquet_rows(chunk, source)


def parquet_rows(chunk: Chunk, source: Source) -> Iterator[Row]:
    """Every row of a piece of a Parquet file."""
    columns = [texts(chunk.data, column).to_pylist() for column in source.columns]
    for number, fields in enumerate(zip(*columns, strict=True), start=chunk.start):
        raw = _csv_line(fields)
        try:
            yield number, raw, split_fields(raw, strict=True)
        except BadRow as row:
            yield number, raw, row.reason


def _csv_line(fields: Sequence[str | None]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(fields)
    return line.getvalue().encode()


def whole_csv(source: Source) -> bytes:
    """All that follows the header, unpacked."""
    return b"".join(chunk.data for _, chunk in table_chunks((source,), BLOCK_BYTES))


def csv_rows(table: Sequence[tuple[int, bytes]], source: Source) -> Iterator[Row]:
    """Every row of (byte offset, line), the first of which begins a row."""
    at = 0
    while at < len(table):
        position, line = table[at]
        count = 1
        if not is_empty(line):
            count, fields = _row(table, at)
            # A quote that closes lines later without making a row was a stray one: only its own
            # line is bad.
            if isinstance(fields, Reason) or len(fields) != len(source.header):
                count = 1
            yield position, b"".join(line for _, line in table[at : at + count]), fields
        at += count


def _row(table: Sequence[tuple[int, bytes]], at: int) -> tuple[int, list[str] | Reason]:
    """Lines taken and their fields, or why the line at `at` begins no row."""
    raw = b""
    for count, (_, line) in enumerate(table[at : at + MAX_LINES], start=1):
        raw += line
        try:
            return count, split_fields(raw, strict=True)
        except BadRow as row:
            if count == 1 and row.reason is not Reason.QUOTES:
                return 1, row.reason
    return 1, Reason.QUOTES

"""Rows of a small CSV file in which a quoted value may hold line ends: products and the like."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shelftag.tables.fields import BadRow, Value, read_fields, split_fields
from shelftag.tables.lines import is_empty, lines
from shelftag.tables.rejects import Reason, Reject, reject
from shelftag.tables.sources import Source

MAX_LINES = 50  # of one row; an unclosed quote must not swallow the rest of the table


class Record(NamedTuple):
    """A good row and where it stands."""

    values: tuple[Value, ...]
    """In the order of the source's columns."""
    position: int
    """Byte offset."""
    raw: bytes


class Records(NamedTuple):
    """A whole table."""

    good: list[Record]
    rejects: list[Reject]


def read_records(source: Source) -> Records:
    """Every row of a file: the good, and the rejected."""
    body = source.path.read_bytes()[source.body_start :]
    records = Records([], [])
    for position, raw, fields in _rows(list(lines(body, source.body_start)), source):
        try:
            if isinstance(fields, Reason):
                raise BadRow(fields)
            records.good.append(Record(read_fields(fields, source), position, raw))
        except BadRow as row:
            records.rejects.append(reject(source, position, row.reason, raw))
    return records


def unique_records(records: Records, source: Source) -> Records:
    """The first row of each id (the first column); later ones are rejected."""
    seen: set[Value] = set()
    unique = Records([], list(records.rejects))
    for record in records.good:
        if record.values[0] in seen:
            unique.rejects.append(reject(source, record.position, Reason.DUPLICATE, record.raw))
        else:
            seen.add(record.values[0])
            unique.good.append(record)
    return unique


def _rows(
    table: Sequence[tuple[int, bytes]], source: Source
) -> Iterator[tuple[int, bytes, list[str] | Reason]]:
    """(byte offset, raw row, its fields or why it has none)."""
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

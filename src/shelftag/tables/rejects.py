"""Rows that are left out, each with its place, its reason and what it said."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

import pyarrow as pa

from shelftag.tables.sources import Source

RAW_BYTES = 4_096  # an unclosed quote can make a row of any length


class Reason(StrEnum):
    """Why a row is rejected."""

    TRUNCATED = "truncated last line"
    FIELDS = "wrong number of fields"
    QUOTES = "broken quotes"
    UTF8 = "broken UTF-8"
    NUL = "NUL byte"
    EMPTY = "empty value"
    NUMBER = "text in a number"
    RANGE = "number out of range"
    CHOICE = "unknown value"
    DUPLICATE = "duplicate id"
    ORDER = "order does not exist"
    PRODUCT = "product does not exist"
    AISLE = "aisle does not exist"
    DEPARTMENT = "department does not exist"
    STALE = "name is not the product's"
    CONTRADICTION = "several departments for one id"


class Reject(NamedTuple):
    """One rejected row."""

    table: str
    file: str
    """Path or URI, as the user would write it."""
    position: int
    """Byte offset in the (unpacked) CSV; in Parquet the row number, from 0."""
    reason: str
    raw: str
    """The row's first 4,096 bytes; bytes that are not UTF-8 as \\xNN."""


REJECT = pa.schema(
    {
        "table": pa.string(),
        "file": pa.string(),
        "position": pa.int64(),
        "reason": pa.string(),
        "raw": pa.string(),
    }
)


def reject(source: Source, position: int, reason: Reason, raw: bytes) -> Reject:
    """A row of `source`, rejected."""
    text = raw[:RAW_BYTES].rstrip(b"\r\n").decode(errors="backslashreplace")
    return Reject(source.table.name, source.file.name, position, str(reason), text)


def bad_row(source: Source, position: int, reason: Reason, raw: bytes) -> Reject:
    """A row that cannot be read; one without a line end is its file's last, and cut off."""
    ended = raw.endswith((b"\n", b"\r"))
    return reject(source, position, reason if ended else Reason.TRUNCATED, raw)


def rejects_table(rejects: Iterable[Reject]) -> pa.Table:
    """Rejects as they are stored."""
    return pa.Table.from_pylist([row._asdict() for row in rejects], schema=REJECT)


def count_reasons(rejects: Iterable[Reject]) -> Counter[str]:
    """Reason -> rows."""
    return Counter(row.reason for row in rejects)

"""One row at a time, in Python: the slow path, which knows what is wrong with a row.

What is a number here is what `pyarrow.csv` takes for one on the fast path, so that a row is not
judged by its neighbours.
"""

import csv
import re
from collections.abc import Sequence

import pyarrow as pa

from shelftag.tables.rejects import Reason
from shelftag.tables.schemas import Column
from shelftag.tables.sources import Source

Value = int | float | str | None

csv.field_size_limit(2**24)  # not the library's 131,072: a long description is no broken quote

_INTEGER = re.compile(r"-?[0-9]{1,4000}")
_REAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


class BadRow(ValueError):
    """A row, or a field of it, that cannot be taken."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def split_fields(line: bytes, *, strict: bool) -> list[str]:
    """The fields of one CSV row; `strict` refuses quotes that do not close or close early.

    Raises:
        BadRow: NUL bytes, broken UTF-8 or broken quotes.
    """
    if b"\0" in line:
        raise BadRow(Reason.NUL)
    try:
        return next(csv.reader([line.decode()], strict=strict), [])
    except UnicodeDecodeError:
        raise BadRow(Reason.UTF8) from None
    except csv.Error:
        raise BadRow(Reason.QUOTES) from None


def read_fields(fields: Sequence[str], source: Source) -> tuple[Value, ...]:
    """The values of a row, in the order of `source.columns`.

    Raises:
        BadRow: a wrong number of fields, or a field that breaks its column's rule.
    """
    if len(fields) != len(source.header):
        raise BadRow(Reason.FIELDS)
    return tuple(
        _value(fields[place], column)
        for place, column in zip(source.places, source.columns, strict=True)
    )


def _value(field: str, column: Column) -> Value:
    text = column.type == pa.string()
    if not (field.strip() if text else field):
        if column.nullable:
            return None
        raise BadRow(Reason.EMPTY)
    if text:
        return _text(field, column)
    return _number(field.strip(" \t"), column)


def _text(field: str, column: Column) -> str:
    if column.choices and field not in column.choices:
        raise BadRow(Reason.CHOICE)
    return field


def _number(field: str, column: Column) -> int | float:
    real = pa.types.is_floating(column.type)
    if not (_REAL if real else _INTEGER).fullmatch(field):
        raise BadRow(Reason.NUMBER)
    value = float(field) if real else int(field)
    if not column.low <= value <= column.high:
        raise BadRow(Reason.RANGE)
    return value

"""Which lines of a piece of a CSV the fast path may not be able to read, found with numpy.

    12,7,3,1\n      only digits and separators, as many as there are columns: plain
    12,,3,1\n       an empty field                                          : doubtful
    12,7a,3,1\n     a byte that no good field of this column has            : doubtful
    12,7\n          too few fields                                          : doubtful

A doubtful line may be good all the same (" 12", "-0"): the slow path decides.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.tables.schemas import Column
from shelftag.tables.sources import Source

DIGITS = b"0123456789"
MAX_DIGITS = 18  # any number of so many fits into int64
TEXT = bytes(set(range(1, 128)) - set(b'"\r'))  # of a column that is not read


class _Rules(NamedTuple):
    """What a plain field of each column may be; the last row is of fields past the header's."""

    least: NDArray[np.int64]
    """Bytes, [columns + 1]."""
    most: NDArray[np.int64]
    bytes: NDArray[np.bool_]
    """[columns + 1, 256]."""


def doubtful_lines(data: NDArray[np.uint8], source: Source) -> NDArray[np.bool_]:
    """Whether each line is doubtful, [lines].

    Args:
        data: the bytes of lines, each with its line end, [bytes].
        source: whose lines they are.
    """
    stops = np.flatnonzero((data == ord(",")) | (data == ord("\n")))
    last = np.flatnonzero(data[stops] == ord("\n"))
    fields = np.diff(last, prepend=-1)
    line = np.repeat(np.arange(len(last)), fields)
    column = np.arange(len(stops)) - np.repeat(last - fields + 1, fields)
    column = np.minimum(column, len(source.header))
    width = np.diff(stops, prepend=-1) - 1
    rules = _rules(source)
    doubtful: NDArray[np.bool_] = fields != len(source.header)
    doubtful[line[(width < rules.least[column]) | (width > rules.most[column])]] = True
    odd = np.flatnonzero(_ODD[data])
    at_end = (data[odd] == ord("\r")) & (data[odd + 1] == ord("\n"))  # the last byte is not odd
    field = np.searchsorted(stops, odd)
    doubtful[line[field[~(rules.bytes[column[field], data[odd]] | at_end)]]] = True
    return doubtful


def _table(values: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(values)] = True
    return table


_ODD = ~_table(DIGITS + b",\n")


def _rules(source: Source) -> _Rules:
    read = {column.name: column for column in source.columns}
    columns = [read.get(name) for name in source.header]
    needed = [column is not None and not column.nullable for column in columns]
    whole = [column is not None and pa.types.is_integer(column.type) for column in columns]
    return _Rules(
        least=np.array([*needed, False], np.int64),
        most=np.array([MAX_DIGITS if number else 2**62 for number in [*whole, False]]),
        bytes=np.stack([*(_table(_bytes(column)) for column in columns), _table(TEXT)]),
    )


def _bytes(column: Column | None) -> bytes:
    """Bytes that are not odd in a column."""
    if column is None:
        return TEXT
    if column.choices:
        return "".join(column.choices).encode()
    return DIGITS + b"." if pa.types.is_floating(column.type) else DIGITS

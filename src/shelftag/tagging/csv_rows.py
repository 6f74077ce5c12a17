r"""Where the rows of a CSV file end, when a quoted name may hold commas and line ends.

    1,"Tea, black\nand green"\n  2,Oats\n ...
    |<------- a row ---------->|              a line end inside quotes ends no row

As pyarrow.csv sees it: a quote opens only at the start of a field, two are one inside it, empty
lines are no rows. Text after a closing quote is none to it either, but then a quote is missing
somewhere, and the rows up to the next one have become one field: such a row is said to be torn.
"""

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from shelftag.errors import InputError

WINDOW_BYTES = 2**24
MAX_ROW_BYTES = 2**28

LF, CR, COMMA, QUOTE = 10, 13, 44, 34
AFTER_A_FIELD = (LF, CR, COMMA)
NONE = np.zeros(0, np.int64)
_QUOTED = re.compile(rb'"[^"]*+(?:""[^"]*+)*+("?)')


@dataclass(frozen=True)
class Rows:
    """The rows of a window that begins with one."""

    ends: NDArray[np.int64]
    """Offset of the byte after each."""
    torn: NDArray[np.int64]
    """Those in which text follows a closing quote; 0 is the first."""
    is_open: bool
    """Whether the window ends inside a quoted field."""


def rows_from(
    source: BinaryIO, name: str, offset: int, at_least: int, max_row_bytes: int = MAX_ROW_BYTES
) -> tuple[Rows, bool]:
    """The rows after `offset`: `at_least` so many, or all there are (then True).

    `name` is the file's, for errors.

    Raises:
        InputError: a quoted field has no end, or none in the window that is larger than
            `max_row_bytes`.
    """
    size = WINDOW_BYTES
    while True:
        source.seek(offset)
        window = source.read(size)
        last = len(window) < size
        rows = rows_of(window, last=last)
        count = len(rows.ends)
        if (last and rows.is_open) or (not last and not count and size > max_row_bytes):
            where = f"in the row {count:,} rows after byte {offset:,}"
            if not rows.is_open:
                problem = f"{name} has a row of more than {size // 2**20:,} MiB, {where}"
                raise InputError(problem, "end each row with a line end")
            raise InputError(
                f"{name} has a quote that is never closed, {where}",
                "close it, or write quotes inside a field twice",
            )
        if last or count >= at_least:
            return rows, last
        size *= 2


def rows_of(window: bytes, *, last: bool) -> Rows:
    """The rows of bytes. With `last`, what has no line end is one too."""
    codes = np.frombuffer(window, np.uint8)
    if b'"' not in window and b"\r" not in window:
        ends = _with_last(np.flatnonzero(codes == LF) + 1, window, last=last)
        return Rows(ends[np.diff(ends, prepend=0) > 1], NONE, False)
    followed = np.append(codes[1:], 0 if last else LF)  # a \r at the edge may be half of \r\n
    breaks = np.flatnonzero((codes == LF) | ((codes == CR) & (followed != LF)))
    starts, stops, is_open = _quoted(window)
    if len(starts):
        before = np.searchsorted(starts, breaks) - 1
        breaks = breaks[(before < 0) | (breaks >= stops[before])]
    ends = _with_last(breaks + 1, window, last=last)
    ends = ends[~_is_empty(codes, ends)]
    followed = np.append(codes, LF)[stops]
    torn = np.unique(np.searchsorted(ends, stops[~np.isin(followed, AFTER_A_FIELD)], side="right"))
    return Rows(ends, torn[torn < len(ends)], is_open)


def _with_last(ends: NDArray[np.int64], window: bytes, *, last: bool) -> NDArray[np.int64]:
    """With the end of the last line, which may have no line end."""
    if last and len(window) and (not len(ends) or ends[-1] < len(window)):
        return np.append(ends, len(window))
    return ends


def _quoted(window: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Starts and stops of quoted fields, and whether the last has no closing quote."""
    spans, match, stop = [], None, 0
    for start in _openings(window):
        if start >= stop and (match := _QUOTED.match(window, start)):
            stop = match.end()
            spans.append((start, stop))
    starts, stops = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    return starts, stops, match is not None and not match[1]


def _openings(window: bytes) -> list[int]:
    """Quotes that stand where a field begins, if they are not inside another."""
    codes = np.frombuffer(window, np.uint8)
    quotes = np.flatnonzero(codes == QUOTE)
    begins = np.isin(codes[quotes - 1], (COMMA, LF, CR))
    begins |= quotes == (len(BOM_UTF8) if window.startswith(BOM_UTF8) else 0)
    found: list[int] = quotes[begins | (quotes == 0)].tolist()
    return found


def _is_empty(codes: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each row is a line end and nothing else."""
    starts = np.append(0, ends)[:-1]
    lengths = ends - starts
    empty: NDArray[np.bool_] = (lengths == 1) & np.isin(codes[starts], (LF, CR))
    empty |= (lengths == 2) & (codes[starts] == CR) & (codes[ends - 1] == LF)
    return empty

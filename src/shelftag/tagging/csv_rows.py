r"""Where the rows of a CSV file end, when a quoted name may hold commas and line ends.

    1,"Tea, black\nand green"\n  2,Oats\n ...
    |<------- a row ---------->|              a line end inside quotes ends no row

As pyarrow.csv sees it: a quote opens only at the start of a field, two are one inside it, empty
lines are no rows.
"""

import re
from codecs import BOM_UTF8
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from shelftag.errors import InputError

WINDOW_BYTES = 2**24
MAX_ROW_BYTES = 2**28

LF, CR, COMMA, QUOTE = 10, 13, 44, 34
_QUOTED = re.compile(rb'"[^"]*+(?:""[^"]*+)*+("?)')


def rows_from(
    source: BinaryIO, name: str, offset: int, at_least: int, max_row_bytes: int = MAX_ROW_BYTES
) -> tuple[NDArray[np.int64], bool]:
    """Ends of the rows after `offset`: `at_least` so many, or all there are (then True).

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
        ends, is_open = row_ends(window, last=last)
        if (last and is_open) or (not last and not len(ends) and size > max_row_bytes):
            where = f"in the row {len(ends):,} rows after byte {offset:,}"
            if not is_open:
                problem = f"{name} has a row of more than {size // 2**20:,} MiB, {where}"
                raise InputError(problem, "end each row with a line end")
            raise InputError(
                f"{name} has a quote that is never closed, {where}",
                "close it, or write quotes inside a field twice",
            )
        if last or len(ends) >= at_least:
            return ends, last
        size *= 2


def row_ends(window: bytes, *, last: bool) -> tuple[NDArray[np.int64], bool]:
    """Where rows end (the offset of the next byte), from the start of a row on, and whether a
    quoted field is open at the end. With `last`, what has no line end is a row too."""
    codes = np.frombuffer(window, np.uint8)
    if b'"' not in window and b"\r" not in window:
        ends = _with_last(np.flatnonzero(codes == LF) + 1, window, last=last)
        return ends[np.diff(ends, prepend=0) > 1], False
    followed = np.append(codes[1:], 0 if last else LF)  # a \r at the edge may be half of \r\n
    breaks = np.flatnonzero((codes == LF) | ((codes == CR) & (followed != LF)))
    starts, stops, is_open = _quoted(window)
    if len(starts):
        before = np.searchsorted(starts, breaks) - 1
        breaks = breaks[(before < 0) | (breaks >= stops[before])]
    ends = _with_last(breaks + 1, window, last=last)
    return ends[~_is_empty(codes, ends)], is_open


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

"""Lines of a piece of a CSV file and where they stand."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from shelftag.tables.rejects import Reject


def lines(chunk: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    r"""(byte offset, line with its end) of every line; \n, \r\n or \r end one."""
    for line in chunk.splitlines(keepends=True):
        yield start, line
        start += len(line)


def is_empty(line: bytes) -> bool:
    """Whether a line has only its end: such a line is no row."""
    return not line.strip(b"\r\n")


def places(
    chunk: bytes, start: int, rejects: Iterable[Reject], rows: NDArray[np.int64]
) -> list[tuple[int, bytes]]:
    """(byte offset, line) of some of the rows that parsing a chunk accepted.

    Args:
        chunk: whole lines, each of them a row.
        start: byte offset of the chunk.
        rejects: what parsing rejected.
        rows: positions among the accepted rows, [k].
    """
    data = np.frombuffer(chunk, np.uint8)
    line_end = (data == ord("\n")) | (data == ord("\r"))
    ends = np.append(np.flatnonzero(line_end), len(chunk))
    starts = np.insert(ends[:-1] + 1, 0, 0)
    rejected = [row.position - start for row in rejects]
    accepted = (ends > starts) & ~np.isin(starts, rejected)
    starts, ends = starts[accepted][rows], ends[accepted][rows]
    return [
        (start + low, chunk[low:high])
        for low, high in zip(starts.tolist(), ends.tolist(), strict=True)
    ]

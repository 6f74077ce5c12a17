"""Rows of a chunk and where they stand."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from shelftag.tables.ranges import Chunk
from shelftag.tables.rejects import Reject
from shelftag.tables.sources import Source
from shelftag.tables.typed import as_csv


def lines(chunk: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    r"""(byte offset, line with its end) of every line; \n, \r\n or \r end one."""
    for line in chunk.splitlines(keepends=True):
        yield start, line
        start += len(line)


def is_empty(line: bytes) -> bool:
    """Whether a line has only its end: such a line is no row."""
    return not line.strip(b"\r\n")


def places(
    chunk: Chunk, source: Source, rejects: Iterable[Reject], rows: NDArray[np.int64]
) -> list[tuple[int, bytes]]:
    """(position, line) of some of the rows that parsing a chunk accepted.

    Args:
        chunk: each of its lines is a row.
        source: whose chunk it is.
        rejects: what parsing rejected.
        rows: positions among the accepted rows, [k].
    """
    rejected = [row.position - chunk.start for row in rejects]
    if not isinstance(chunk.data, bytes):
        found = np.setdiff1d(np.arange(chunk.data.num_rows), rejected)[rows]
        written = as_csv(chunk.data.take(found), source).splitlines()
        return list(zip((chunk.start + found).tolist(), written, strict=True))
    data = np.frombuffer(chunk.data, np.uint8)
    line_end = (data == ord("\n")) | (data == ord("\r"))
    ends = np.append(np.flatnonzero(line_end), len(data))
    starts = np.insert(ends[:-1] + 1, 0, 0)
    accepted = (ends > starts) & ~np.isin(starts, rejected)
    starts, ends = starts[accepted][rows], ends[accepted][rows]
    return [
        (chunk.start + low, chunk.data[low:high])
        for low, high in zip(starts.tolist(), ends.tolist(), strict=True)
    ]

r"""Byte ranges of a CSV file, each read by one task, that together give every line once.

 start                 end
   v                    v
...|..\n......\n......\n|...\n      a range owns the lines that begin in it, so it starts
   '---->~~~~~~~~~~~~~~~~~~~'       after the first line end and reads on to one past its end
"""

from dataclasses import dataclass
from itertools import pairwise

from shelftag.tables.sources import Source


@dataclass(frozen=True)
class ByteRange:
    """The lines of a file whose first byte is in [start, end)."""

    table: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Its name among the pieces of a job."""
        return f"{self.table}-{self.start}-{self.end}"


def byte_ranges(source: Source, block_bytes: int) -> list[ByteRange]:
    """Ranges of equal size, at most `block_bytes`, over a file's rows."""
    length = source.size - source.body_start
    count = -(-length // block_bytes)
    edges = [source.body_start + length * i // count for i in range(count + 1)]
    return [ByteRange(source.table.name, start, end) for start, end in pairwise(edges)]


def read_range(source: Source, part: ByteRange) -> tuple[bytes, int]:
    """The whole lines of a range, and the byte offset of the first."""
    with source.path.open("rb") as file:
        start = part.start
        if start > source.body_start:
            # A line may begin at `start` exactly: then the byte before it is a line end.
            file.seek(start - 1)
            start = start - 1 + len(file.readline())
        if start >= part.end:
            return b"", start
        file.seek(start)
        chunk = file.read(part.end - start)
        if not chunk.endswith(b"\n"):
            chunk += file.readline()
    return chunk, start

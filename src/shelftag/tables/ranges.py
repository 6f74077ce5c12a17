r"""Pieces of the input files, each read by one task, that together give every row once.

 start                 end
   v                    v
...|..\n......\n......\n|...\n      a piece of a CSV owns the lines that begin in it, so it starts
   '---->~~~~~~~~~~~~~~~~~~~'       after the first line end and reads on to one past its end

A piece of Parquet is some of its row groups; a packed file is one piece, read as a stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa

from shelftag.tables.accounting import MIN_ROW_BYTES
from shelftag.tables.formats import open_csv, open_parquet, whole
from shelftag.tables.sources import Source

LINE_BYTES = 2**12  # read at once in search of a line end: most lines are shorter
UNKNOWN = 2**50  # bytes that a packed file may hold


@dataclass(frozen=True)
class Piece:
    """Rows of one file of a table: bytes [start, end), or row groups of Parquet."""

    table: str
    file: int
    """Place in the table's files."""
    start: int
    end: int
    bytes: int
    """Stored bytes."""
    most_bytes: int
    """Bytes of CSV that it may hold at most."""

    @property
    def name(self) -> str:
        """Its name among the pieces of a job."""
        return f"{self.table}-{self.file}-{self.start}-{self.end}"


class Chunk(NamedTuple):
    """Whole rows: lines of a CSV, or columns of Parquet."""

    data: bytes | pa.Table
    start: int
    """Where the first stands: byte offset in the unpacked CSV, or row number from 0."""


def pieces(sources: tuple[Source, ...], block_bytes: int) -> list[Piece]:
    """Pieces of a table of at most about `block_bytes`; packed files are whole."""
    return [
        piece for file, source in enumerate(sources) for piece in _pieces(source, file, block_bytes)
    ]


def chunks(source: Source, piece: Piece, block_bytes: int) -> Iterator[Chunk]:
    """The rows of a piece, at most about `block_bytes` at a time.

    Raises:
        Failed: the file is cut off or damaged.
    """
    with whole(source.file):
        if source.file.format == "csv":
            yield from _lines(source, piece, block_bytes)
        elif source.file.format == "parquet":
            yield from _row_groups(source, piece, block_bytes)
        else:
            yield from _stream(source, block_bytes)


def table_chunks(sources: tuple[Source, ...], block_bytes: int) -> Iterator[tuple[Source, Chunk]]:
    """All rows of a table, in order of files and rows."""
    for piece in pieces(sources, block_bytes):
        source = sources[piece.file]
        for chunk in chunks(source, piece, block_bytes):
            yield source, chunk


def _pieces(source: Source, file: int, block_bytes: int) -> list[Piece]:
    if source.file.format == "csv":
        return _plain(source, file, block_bytes)
    if source.file.format == "parquet":
        return _parquet(source, file, block_bytes)
    size = source.file.size
    return [Piece(source.table.name, file, 0, size, size, UNKNOWN)]


def _plain(source: Source, file: int, block_bytes: int) -> list[Piece]:
    length = source.file.size - source.body_start
    parts = -(-length // block_bytes)
    edges = [source.body_start + length * i // parts for i in range(parts + 1)]
    return [
        Piece(source.table.name, file, start, end, end - start, end - start)
        for start, end in pairwise(edges)
    ]


def _parquet(source: Source, file: int, block_bytes: int) -> list[Piece]:
    """Neighbouring row groups together, up to `block_bytes` of values."""
    with whole(source.file), open_parquet(source.file) as parquet:
        groups = [parquet.metadata.row_group(i) for i in range(parquet.num_row_groups)]
    starts, filled = [0], 0
    for i, group in enumerate(groups):
        if filled and filled + group.total_byte_size > block_bytes:
            starts.append(i)
            filled = 0
        filled += group.total_byte_size
    return [
        Piece(
            source.table.name,
            file,
            start,
            end,
            sum(map(_stored_bytes, groups[start:end])),
            sum(group.num_rows for group in groups[start:end]) * MIN_ROW_BYTES,
        )
        for start, end in pairwise([*starts, len(groups)])
        if any(group.num_rows for group in groups[start:end])
    ]


def _stored_bytes(group: Any) -> int:
    return sum(group.column(i).total_compressed_size for i in range(group.num_columns))


def _lines(source: Source, piece: Piece, block_bytes: int) -> Iterator[Chunk]:
    """Long reads between short ones, so that no long text is copied to be cut."""
    with source.file.filesystem.open_input_file(source.file.path) as file:
        begin = _next_line(file, source, piece.start)
        for start in range(piece.start, piece.end, block_bytes):
            end = _next_line(file, source, min(start + block_bytes, piece.end))
            if end > begin:
                yield Chunk(file.read_at(end - begin, begin), begin)
                begin = end


def _next_line(file: Any, source: Source, at: int) -> int:
    """Byte offset of the first line that begins at `at` or after, or of the file's end."""
    if at in (source.body_start, source.file.size):
        return at
    at -= 1  # a line may begin at `at` exactly: then the byte before it is a line end
    while (found := (peeked := file.read_at(LINE_BYTES, at)).find(b"\n")) < 0:
        if not peeked:
            return at
        at += len(peeked)
    after: int = at + found + 1
    return after


def _stream(source: Source, block_bytes: int) -> Iterator[Chunk]:
    """Whole lines of a packed file; a line that is cut is carried over to the next chunk."""
    with open_csv(source.file) as stream:
        start = len(stream.read(source.body_start))
        carried = b""
        while block := stream.read(block_bytes):
            carried += block
            end = carried.rfind(b"\n") + 1
            if end:
                yield Chunk(carried[:end], start)
                start += end
                carried = carried[end:]
        if carried:
            yield Chunk(carried, start)


def _row_groups(source: Source, piece: Piece, block_bytes: int) -> Iterator[Chunk]:
    names = [column.name for column in source.columns]
    choices = [column.name for column in source.columns if column.choices]
    with open_parquet(source.file, read_dictionary=choices) as parquet:
        groups = [parquet.metadata.row_group(i) for i in range(piece.end)]
        start = sum(group.num_rows for group in groups[: piece.start])
        rows = sum(group.num_rows for group in groups[piece.start :])
        values = sum(group.total_byte_size for group in groups[piece.start :])
        row_bytes = 8 * len(names) + values // max(rows, 1)
        for batch in parquet.iter_batches(
            max(1, block_bytes // row_bytes),
            row_groups=list(range(piece.start, piece.end)),
            columns=names,
            use_threads=False,
        ):
            yield Chunk(pa.Table.from_batches([batch]).select(names), start)
            start += batch.num_rows

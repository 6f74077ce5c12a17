r"""Pieces of a CSV file in which a quoted name may hold commas and line ends.

    id,name\n  1,"Tea, black\nand green"\n  2,Oats\n ...
              |<------- a row ---------->|             a line end inside quotes ends no row

Ends of rows are found as pyarrow.csv finds them: a quote opens only at the start of a field, two
are one inside it, empty lines are no rows. All columns are text, so "00123" stays "00123".
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
from numpy.typing import NDArray

from shelftag.errors import Failed, InputError
from shelftag.tagging.pieces import Block, ErrorRow, Piece, records

WINDOW_BYTES = 2**24
MAX_ROW_BYTES = 2**28

LF, CR = 10, 13
BOM = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb'(?:"(?<![^,\r\n]")|(?<=\A\xef\xbb\xbf)")[^"]*+(?:""[^"]*+)*+("?)')


def read_header(file: Path) -> tuple[list[str], int]:
    """Column names, and the offset of the first byte after them.

    Raises:
        InputError: the file has no header, or one that is no text.
    """
    with file.open("rb") as source:
        ends, _ = _rows_from(source, 0, 1)
        if not len(ends):
            raise InputError(f"{file} is empty", "name a file with a header and rows")
        source.seek(0)
        header = source.read(int(ends[0]))
    try:
        return pcsv.read_csv(pa.BufferReader(header.rstrip(b"\r\n") + b"\n")).column_names, int(
            ends[0]
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        raise InputError(f"{file} has a header that is not UTF-8", "write it as UTF-8") from None


def csv_pieces(file: Path, rows_per_block: int) -> Iterator[Piece]:
    """The rows after the header, in runs of at most `rows_per_block`.

    Raises:
        InputError: a quoted field has no end.
    """
    _, offset = read_header(file)
    row, last = 0, False
    with file.open("rb") as source:
        while not last:
            ends, last = _rows_from(source, offset, rows_per_block)
            cuts = [0, *ends[rows_per_block - 1 :: rows_per_block].tolist()]
            counts = [rows_per_block] * (len(cuts) - 1)
            if last and len(ends) % rows_per_block:
                cuts.append(int(ends[-1]))
                counts.append(len(ends) % rows_per_block)
            for (start, end), rows in zip(pairwise(cuts), counts, strict=True):
                yield Piece(str(file), row, rows, offset + start, offset + end)
                row += rows
            offset += cuts[-1]


def _rows_from(source: BinaryIO, offset: int, at_least: int) -> tuple[NDArray[np.int64], bool]:
    """Ends of the rows after `offset`: `at_least` so many, or all there are (then True)."""
    size = WINDOW_BYTES
    while True:
        source.seek(offset)
        window = source.read(size)
        last = len(window) < size
        ends, is_open = row_ends(window, last=last)
        if (last and is_open) or (not len(ends) and size > MAX_ROW_BYTES):
            raise InputError(
                f"{source.name} has a quote that is never closed, in the row {len(ends):,} rows "
                f"after byte {offset:,}",
                "close it, or write quotes inside a field twice",
            )
        if last or len(ends) >= at_least:
            return ends, last
        size *= 2


def row_ends(window: bytes, *, last: bool) -> tuple[NDArray[np.int64], bool]:
    """Where rows end (the offset of the next byte), from the start of a row on, and whether a
    quoted field is open at the end. With `last`, what has no line end is a row too."""
    codes = np.frombuffer(window, np.uint8)
    followed = np.append(codes[1:], 0 if last else LF)  # a \r at the edge may be half of \r\n
    breaks = np.flatnonzero((codes == LF) | ((codes == CR) & (followed != LF)))
    starts, stops, is_open = _quoted(window)
    if len(starts):
        before = np.searchsorted(starts, breaks) - 1
        breaks = breaks[(before < 0) | (breaks >= stops[before])]
    ends = breaks + 1
    if last and len(window) and (not len(ends) or ends[-1] < len(window)):
        ends = np.append(ends, len(window))
    return ends[~_is_empty(codes, ends)], is_open


def _quoted(window: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], bool]:
    """Starts and stops of quoted fields, and whether the last has no closing quote."""
    spans, match = [], None
    for match in _QUOTED.finditer(window):
        spans.append(match.span())
    starts, stops = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    return starts, stops, match is not None and not match[1]


def _is_empty(codes: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each row is a line end and nothing else."""
    starts = np.append(0, ends)[:-1]
    lengths = ends - starts
    empty: NDArray[np.bool_] = (lengths == 1) & np.isin(codes[starts], (LF, CR))
    empty |= (lengths == 2) & (codes[starts] == CR) & (codes[ends - 1] == LF)
    return empty


def read_csv_piece(piece: Piece, header: list[str]) -> Block:
    """All columns as strings; rows of another width or with broken UTF-8 are errors.

    Raises:
        Failed: the file is not what it was.
    """
    ragged: list[ErrorRow] = []

    def keep(row: pcsv.InvalidRow) -> str:
        reason = f"{row.actual_columns} fields, and the header has {row.expected_columns}"
        ragged.append(ErrorRow(piece.first_row + row.number, reason, row.text))
        return "skip"

    table = _parse(piece, header, keep)
    if len(table) + len(ragged) != piece.rows:
        raise Failed(f"{piece.file} changed while it was read", "run the command again")
    places = np.arange(piece.rows) + piece.first_row + 1
    places = places[~np.isin(places, [error.row for error in ragged])]
    return _as_text(table, places, ragged)


def _parse(piece: Piece, header: list[str], keep: object) -> pa.Table:
    with Path(piece.file).open("rb") as source:
        source.seek(piece.start)
        data = source.read(piece.end - piece.start)
    return pcsv.read_csv(
        pa.BufferReader(data),
        read_options=pcsv.ReadOptions(
            column_names=header, use_threads=False, block_size=len(data) + 1
        ),
        parse_options=pcsv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep),
        convert_options=pcsv.ConvertOptions(column_types=dict.fromkeys(header, pa.binary())),
    )


def _as_text(table: pa.Table, places: NDArray[np.int64], errors: list[ErrorRow]) -> Block:
    """Bytes to text; a row in which one column is broken is an error."""
    broken = np.zeros(len(table), bool)
    for column in table.columns:
        broken |= _is_broken(column)
    texts = pa.schema([(name, pa.string()) for name in table.column_names])
    bad = records(table.filter(pa.array(broken)))
    errors = errors + [
        ErrorRow(int(place), "a column is not UTF-8", record)
        for place, record in zip(places[broken], bad, strict=True)
    ]
    return Block(table.filter(pa.array(~broken)).cast(texts), places[~broken], errors)


def _is_broken(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    try:
        pc.cast(column, pa.string())
    except pa.ArrowInvalid:
        return np.array([_breaks(value) for value in column.to_pylist()])
    return np.zeros(len(column), bool)


def _breaks(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return False

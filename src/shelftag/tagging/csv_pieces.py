"""Pieces of a CSV file, and reading them.

All columns are text, so "00123" stays "00123", and an empty field is an empty text.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
from numpy.typing import NDArray

from shelftag.artifacts import Place
from shelftag.errors import InputError
from shelftag.tagging.csv_rows import MAX_ROW_BYTES, rows_from, rows_of
from shelftag.tagging.pieces import Block, ErrorRow, Piece, changed, records

Keep = Callable[[pcsv.InvalidRow], str]
TORN = "text after a closing quote: a quote is missing, or not written twice inside a field"


def read_header(file: Place) -> tuple[list[str], int]:
    """Column names, and the offset of the first byte after them.

    Raises:
        InputError: the file has no header, or one that is no text.
    """
    with file.open() as source:
        return header_of(source, str(file))


def header_of(source: BinaryIO, name: str) -> tuple[list[str], int]:
    """The same of an open file."""
    rows, _ = rows_from(source, name, 0, 1)
    if not len(rows.ends):
        raise InputError(f"{name} is empty", "name a file with a header and rows")
    source.seek(0)
    header = source.read(int(rows.ends[0]))
    line = pa.BufferReader(header.rstrip(b"\r\n") + b"\n")
    try:
        return pcsv.read_csv(line).column_names, len(header)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        problem = f"{name} has a header that is not UTF-8"
        raise InputError(problem, "write it as UTF-8") from None


def csv_pieces(file: Place, rows_per_block: int) -> Iterator[Piece]:
    """The rows after the header, in runs of at most `rows_per_block`.

    Raises:
        InputError: a quoted field has no end.
    """
    _, offset = read_header(file)
    with file.open() as source:
        yield from pieces_of(source, str(file), offset, rows_per_block)


def pieces_of(
    source: BinaryIO,
    name: str,
    offset: int,
    rows_per_block: int,
    max_row_bytes: int = MAX_ROW_BYTES,
) -> Iterator[Piece]:
    """The same of an open file, from `offset` on; no run goes over the edge of a window, so that
    its memory is bounded by bytes too."""
    row, last = 0, False
    while not last:
        found, last = rows_from(source, name, offset, 1, max_row_bytes)
        ends, first = found.ends, 0
        cuts = [0, *ends[rows_per_block - 1 :: rows_per_block].tolist()]
        counts = [rows_per_block] * (len(cuts) - 1)
        if len(ends) % rows_per_block:
            cuts.append(int(ends[-1]))
            counts.append(len(ends) % rows_per_block)
        for (start, end), rows in zip(pairwise(cuts), counts, strict=True):
            torn = found.torn[(found.torn >= first) & (found.torn < first + rows)] - first
            yield Piece(name, row, rows, offset + start, offset + end, tuple(torn.tolist()))
            row, first = row + rows, first + rows
        offset += cuts[-1]


def read_csv_piece(file: Place, piece: Piece, header: list[str]) -> Block:
    """All columns as strings; rows that are torn, of another width or with broken UTF-8 are errors.

    Raises:
        Failed: the file is not what it was.
    """
    with file.open() as source:
        return read_piece_of(source, piece, header)


def read_piece_of(source: BinaryIO, piece: Piece, header: list[str]) -> Block:
    """The same of an open file."""
    source.seek(piece.start)
    data, torn = _torn_apart(source.read(piece.end - piece.start), piece)
    places = np.arange(piece.rows) + piece.first_row + 1
    places = places[~np.isin(places, [error.row for error in torn])]
    ragged: list[tuple[int, str, str]] = []

    def keep(row: pcsv.InvalidRow) -> str:
        reason = f"{row.actual_columns} fields, and the header has {row.expected_columns}"
        ragged.append((row.number - 1, reason, row.text))
        return "skip"

    table = _parse_any(data, header, keep)
    if len(table) + len(ragged) != len(places):
        raise changed(piece)
    errors = torn + [ErrorRow(int(places[i]), reason, text) for i, reason, text in ragged]
    return _as_text(table, places[~np.isin(places, [error.row for error in errors])], errors)


def _torn_apart(data: bytes, piece: Piece) -> tuple[bytes, list[ErrorRow]]:
    """The rows of a piece without those that are torn, and these."""
    if not piece.torn:
        return data, []
    rows, torn = _split(data), set(piece.torn)
    if len(rows) != piece.rows:
        raise changed(piece)
    errors = [
        ErrorRow(piece.first_row + i + 1, TORN, _told(row))
        for i, row in enumerate(rows)
        if i in torn
    ]
    return b"".join(row for i, row in enumerate(rows) if i not in torn), errors


def _told(row: bytes) -> str:
    return row.decode(errors="backslashreplace").rstrip("\r\n")


def _parse_any(data: bytes, header: list[str], keep: Keep) -> pa.Table:
    """Columns of bytes. pyarrow fails for a row of another width that is no UTF-8: such rows are
    found with all that is broken replaced, and then left out."""
    if not data:
        return pa.table({name: pa.array([], pa.binary()) for name in header})
    try:
        data.decode()
    except UnicodeDecodeError:
        ragged: set[int] = set()

        def note(row: pcsv.InvalidRow) -> str:
            ragged.add(row.number)
            return keep(row)

        whole = _parse(data.decode(errors="replace").encode(), header, note)
        rows = b"".join(row for number, row in enumerate(_split(data), 1) if number not in ragged)
        return _parse(rows, header, keep) if len(whole) else whole
    return _parse(data, header, keep)


def _split(data: bytes) -> list[bytes]:
    """The rows, each with its line end."""
    ends = rows_of(data, last=True).ends.tolist()
    return [data[start:end] for start, end in pairwise([0, *ends])]


def _parse(data: bytes, header: list[str], keep: Keep) -> pa.Table:
    if data.startswith(BOM_UTF8[:1]):
        data = BOM_UTF8 + data  # pyarrow takes one away, and fails where there is only half of it
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

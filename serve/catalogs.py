"""The rows of an uploaded catalog, a batch at a time and in order: CSV, NDJSON or Parquet.

Nothing here grows with the file: CSV is read in windows of 16 MiB, NDJSON by lines, Parquet by
pages.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import BinaryIO

from shelftag.errors import InputError
from shelftag.tagging.csv_pieces import header_of, read_piece_of
from shelftag.tagging.csv_rows import rows_from
from shelftag.tagging.pieces import Piece
from shelftag.tagging.products import BadProduct

ROWS_PER_BATCH = 256
BATCH_BYTES = 2**22
MAX_ROW_BYTES = 2**20
"""Of an NDJSON line; a CSV row may have the 16 MiB of a window."""

NAME_COLUMNS = ("product_name", "name", "title")
"""Looked for in this order where no name column is given."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Columns:
    """Which columns are read; those that are none are looked for, or left out."""

    name: str | None = None
    description: str | None = None
    id: str | None = None

    def of(self, row: Mapping[str, object]) -> dict[str, object]:
        """A row as a product."""
        wanted = {"name": self.name, "description": self.description, "id": self.id}
        return {key: row.get(column) for key, column in wanted.items() if column is not None}


@dataclass(frozen=True)
class Rows:
    """Rows that follow each other: each is a product or an error."""

    products: Sequence[Mapping[str, object]]
    places: Sequence[int]
    """Of each product: 1 is the first row of data."""
    errors: Sequence[tuple[int, str]]
    """Place, and why it is no row."""


Reader = Callable[[BinaryIO, Columns], Iterator[Rows]]


def chosen(columns: Sequence[str], wanted: Columns) -> Columns:
    """The columns to read, of those there are.

    Raises:
        InputError: one is missing, or is there twice.
    """
    name = wanted.name or next((each for each in NAME_COLUMNS if each in columns), None)
    if name is None:
        problem = f"the catalog has no column {', '.join(NAME_COLUMNS)}, only {_listed(columns)}"
        raise InputError(problem, "name the one with names by name_column")
    use = replace(wanted, name=name, id=wanted.id or ("id" if "id" in columns else None))
    for option, column in (("name", name), ("description", use.description), ("id", use.id)):
        if column is not None and columns.count(column) != 1:
            fault = "twice the" if column in columns else "no"
            problem = f"the catalog has {fault} column {column!r}: it has {_listed(columns)}"
            raise InputError(problem, f"name one of them by {option}_column")
    return use


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(repr(column[:100]) for column in columns[:50]) or "none"


def check_utf8(source: BinaryIO) -> None:
    """Refuse UTF-16, in which every row would be an error.

    Raises:
        InputError: it begins with UTF-16's mark.
    """
    start = source.read(2)
    source.seek(0)
    if start in UTF_16:
        raise InputError(f"{source.name} is UTF-16, not UTF-8", "write it as UTF-8")


def csv_rows(source: BinaryIO, wanted: Columns) -> Iterator[Rows]:
    """Rows of a CSV file with a header.

    Raises:
        InputError: a column is missing, the header is no text, a quoted field has no end.
    """
    check_utf8(source)
    header, start = header_of(source)
    use = chosen(header, wanted)
    read = [column for column in (use.name, use.description, use.id) if column is not None]
    for piece in _csv_pieces(source, start):
        block = read_piece_of(source, piece, header)
        rows = block.table.select(read).to_pylist()
        errors = [(error.row, error.reason) for error in block.errors]
        yield Rows([use.of(row) for row in rows], block.places.tolist(), errors)


def _csv_pieces(source: BinaryIO, offset: int) -> Iterator[Piece]:
    """Runs of at most ROWS_PER_BATCH rows, none over the edge of a window."""
    row, last = 0, False
    while not last:
        ends, last = rows_from(source, offset, 1, MAX_ROW_BYTES)
        cuts = [0, *ends[ROWS_PER_BATCH - 1 :: ROWS_PER_BATCH].tolist()]
        counts = [ROWS_PER_BATCH] * (len(cuts) - 1)
        if len(ends) % ROWS_PER_BATCH:
            cuts.append(int(ends[-1]))
            counts.append(len(ends) % ROWS_PER_BATCH)
        for (start, end), rows in zip(pairwise(cuts), counts, strict=True):
            yield Piece(str(source.name), row, rows, offset + start, offset + end)
            row += rows
        offset += cuts[-1]


def ndjson_rows(source: BinaryIO, wanted: Columns) -> Iterator[Rows]:
    """Lines that are JSON objects (https://github.com/ndjson/ndjson-spec); empty ones are no rows.

    Raises:
        InputError: no object of the first lines has a column with names.
    """
    check_utf8(source)
    place, use = 1, None
    for lines in _batched(_lines(source)):
        objects, places, errors = _objects(lines, place)
        if use is None:
            keys = list(dict.fromkeys(key for one in objects for key in one))
            later = [each for each in (wanted.description, wanted.id) if each]  # maybe not in these
            use = chosen(list(dict.fromkeys([*keys, *later])), wanted)
        yield Rows([use.of(one) for one in objects], places, errors)
        place += len(lines)


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Lines that are not empty, cut where they are longer than a row may be."""
    start = BYTE_ORDER_MARK
    while line := source.readline(MAX_ROW_BYTES + 1):
        row = line.removeprefix(start).strip()
        start, rest = b"", line
        while len(rest) > MAX_ROW_BYTES and not rest.endswith(b"\n"):
            rest = source.readline(MAX_ROW_BYTES + 1)
        if row:
            yield line if len(line) > MAX_ROW_BYTES else row


def _batched(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if len(batch) == ROWS_PER_BATCH or size > BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _objects(
    lines: Sequence[bytes], first: int
) -> tuple[list[dict[str, object]], list[int], list[tuple[int, str]]]:
    """The objects, their places, and the lines that are none."""
    objects, places, errors = [], [], []
    for place, line in enumerate(lines, first):
        try:
            objects.append(_object(line))
        except BadProduct as problem:
            errors.append((place, str(problem)))
        else:
            places.append(place)
    return objects, places, errors


def _object(line: bytes) -> dict[str, object]:
    if len(line) > MAX_ROW_BYTES:
        raise BadProduct(f"the line has more than {MAX_ROW_BYTES:,} bytes")
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        raise BadProduct("the line is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise BadProduct(f"the line is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise BadProduct(f"the line is no object, but {type(value).__name__}")
    return value

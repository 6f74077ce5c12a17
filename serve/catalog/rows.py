"""The rows of an uploaded catalog, a batch at a time and in order; here those of CSV.

Nothing grows with the file: CSV is read in windows of 16 MiB, NDJSON by lines, Parquet by pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from shelftag.errors import InputError
from shelftag.tagging.csv_pieces import header_of, pieces_of, read_piece_of

ROWS_PER_BATCH = 256
MAX_ROW_BYTES = 2**20
"""Of an NDJSON line; a CSV row may have the 16 MiB of a window."""

NAME_COLUMNS = ("product_name", "name", "title")
"""Looked for in this order where no name column is given."""
ID_COLUMNS = ("id", "product_id")
"""The same for ids, of which there need be none."""
MOST_COLUMNS = 1_000
"""All of a CSV are parsed, and a row of 400 kB may have 50,000: that took 800 MB."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


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


def chosen(columns: Sequence[str], wanted: Columns) -> Columns:
    """The columns to read, of those there are.

    Raises:
        InputError: one is missing, or is there twice.
    """
    if len(columns) > MOST_COLUMNS:
        problem = f"the catalog has {len(columns):,} columns, and at most {MOST_COLUMNS:,} are read"
        raise InputError(problem, "leave out those that are not needed")
    name = wanted.name or next((each for each in NAME_COLUMNS if each in columns), None)
    if name is None:
        problem = f"the catalog has no column {', '.join(NAME_COLUMNS)}, only {_listed(columns)}"
        raise InputError(problem, "name the one with names by name_column")
    identity = wanted.id or next((each for each in ID_COLUMNS if each in columns), None)
    use = replace(wanted, name=name, id=identity)
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
    name = str(source.name)
    header, start = header_of(source, name)
    use = chosen(header, wanted)
    read = [column for column in (use.name, use.description, use.id) if column is not None]
    for piece in pieces_of(source, name, start, ROWS_PER_BATCH, MAX_ROW_BYTES):
        block = read_piece_of(source, piece, header)
        rows = block.table.select(read).to_pylist()
        errors = [(error.row, error.reason) for error in block.errors]
        yield Rows([use.of(row) for row in rows], block.places.tolist(), errors)

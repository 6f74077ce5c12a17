"""The input files: that all six are there, with rows and the needed columns, before any work."""

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shelftag.artifacts import fingerprint
from shelftag.errors import InputError
from shelftag.tables.schemas import TABLES, Column, TableSchema

BOM = b"\xef\xbb\xbf"
PEEK_BYTES = 2**20


@dataclass(frozen=True)
class Source:
    """One CSV file of a table, as its header has it."""

    table: TableSchema
    path: Path
    header: tuple[str, ...]
    body_start: int
    """Byte offset after the header line."""
    size: int
    """Bytes."""

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns to read, in the table's order."""
        return tuple(column for column in self.table.columns if column.name in self.header)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where `columns` stand among the fields of a row."""
        return tuple(self.header.index(column.name) for column in self.columns)

    def fingerprint(self) -> str:
        """Size and BLAKE2b-128 of the first and last MiB."""
        with self.path.open("rb") as file:
            first = file.read(PEEK_BYTES)
            file.seek(max(0, self.size - PEEK_BYTES))
            return f"{self.size} bytes, {fingerprint(first, file.read())}"


def check_sources(folder: Path) -> dict[str, Source]:
    """Table name -> its file, all six.

    Raises:
        InputError: the folder or a file is missing, empty, without rows, not a CSV, or lacks a
            needed column.
    """
    if not folder.is_dir():
        raise InputError(f"tables {folder} is not a folder", "name the folder with the six CSVs")
    missing = [f"{table.name}.csv" for table in TABLES if not _file(folder, table).exists()]
    if missing:
        raise InputError(f"{folder} lacks {', '.join(missing)}", "put all six tables there")
    return {table.name: _source(_file(folder, table), table) for table in TABLES}


def _file(folder: Path, table: TableSchema) -> Path:
    return folder / f"{table.name}.csv"


def _source(path: Path, table: TableSchema) -> Source:
    try:
        with path.open("rb") as file:
            head = file.read(PEEK_BYTES)
        size = path.stat().st_size
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "mend the file") from None
    if not head:
        raise InputError(f"{path} is empty", "put the table there")
    header, body_start = _header(path, head)
    _check_columns(path, table, header)
    if not head[body_start:].strip() and size <= PEEK_BYTES:
        raise InputError(f"{path} has a header and no rows", "put the whole table there")
    return Source(table, path, header, body_start, size)


def _header(path: Path, head: bytes) -> tuple[tuple[str, ...], int]:
    """The column names, and where the first row starts."""
    line = head.splitlines(keepends=True)[0]
    try:
        if b"\0" in line:
            raise UnicodeError("NUL bytes")
        names = next(csv.reader([line.removeprefix(BOM).decode()]), [])
    except (UnicodeError, csv.Error) as error:
        problem = f"{path} is not a CSV file in UTF-8 ({error})"
        raise InputError(problem, "export it as CSV with a header line") from None
    return tuple(name.strip() for name in names), len(line)


def _check_columns(path: Path, table: TableSchema, header: tuple[str, ...]) -> None:
    needed = [column.name for column in table.columns if not column.optional]
    missing = [name for name in needed if name not in header]
    if missing:
        found = ", ".join(header)
        found = f"{found[:200]}..." if len(found) > 200 else found
        problem = f"{path} lacks the column {', '.join(missing)} (its header: {found})"
        raise InputError(problem, "rename or add it")
    twice = [column.name for column in table.columns if header.count(column.name) > 1]
    if twice:
        raise InputError(f"{path} has the column {', '.join(twice)} twice", "leave one of them")

"""The input files: that all tables are there, with rows and the needed columns."""

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from shelftag.artifacts import fingerprint
from shelftag.artifacts.places import one_line
from shelftag.errors import InputError
from shelftag.tables.files import StoredFile, find_files
from shelftag.tables.formats import UNREADABLE, open_csv, open_parquet
from shelftag.tables.schemas import TABLES, Column, TableSchema, can_be

BOM = b"\xef\xbb\xbf"
PEEK_BYTES = 2**20


@dataclass(frozen=True)
class Source:
    """One file of a table, as its header has it."""

    table: TableSchema
    file: StoredFile
    header: tuple[str, ...]
    body_start: int = 0
    """Bytes of the header line, unpacked; none in Parquet."""

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns to read, in the table's order."""
        return tuple(column for column in self.table.columns if column.name in self.header)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Where `columns` stand among the fields of a row."""
        return tuple(self.header.index(column.name) for column in self.columns)

    def fingerprint(self) -> str:
        """Stored size and BLAKE2b-128 of the first and last MiB."""
        size = self.file.size
        first = self.file.read(0, PEEK_BYTES)
        last = self.file.read(max(0, size - PEEK_BYTES), PEEK_BYTES)
        return f"{size} bytes, {fingerprint(first, last)}"


def check_sources(tables: str | Path) -> dict[str, tuple[Source, ...]]:
    """Table name -> its files, all six tables.

    Args:
        tables: a local folder, or any URI that `pyarrow.fs.FileSystem.from_uri` takes.

    Raises:
        InputError: a table is missing or stands there twice; a file is empty, without rows, not
            what its name says, or lacks a needed column.
    """
    files = find_files(tables)
    return {table.name: check_files(files[table.name], table) for table in TABLES}


def check_files(files: list[StoredFile], table: TableSchema) -> tuple[Source, ...]:
    """The files of one table.

    Raises:
        InputError: a file is empty, without rows, not what its name says, or lacks a needed
            column.
    """
    sources = tuple(_source(file, table) for file in files)
    seen: dict[str, str] = {}
    for source in sources if len(sources) > 1 else ():
        first = seen.setdefault(source.fingerprint(), source.file.name)
        if first != source.file.name:
            problem = f"{first} and {source.file.name} are one file twice"
            raise InputError(problem, "leave one of them: its rows would count twice")
    return sources


def fingerprints(sources: dict[str, tuple[Source, ...]]) -> dict[str, str]:
    """File -> size and hash of its ends, of all tables."""
    return {
        source.file.name: source.fingerprint() for files in sources.values() for source in files
    }


def stored_files(sources: dict[str, tuple[Source, ...]]) -> list[StoredFile]:
    """The files of all tables."""
    return [source.file for files in sources.values() for source in files]


def _source(file: StoredFile, table: TableSchema) -> Source:
    if not file.size:
        raise InputError(f"{file.name} is empty", "put the table there")
    try:
        return (_parquet if file.format == "parquet" else _csv)(file, table)
    except UNREADABLE as error:
        kind = "" if file.format == "csv" else f" as {file.format}"
        problem = f"{file.name} cannot be read{kind} ({one_line(error)})"
        raise InputError(problem, "mend the file or its name") from None


def _csv(file: StoredFile, table: TableSchema) -> Source:
    with open_csv(file) as stream:
        head = stream.read(PEEK_BYTES)
        more = bool(head) and bool(stream.read(1))
    if not head:
        raise InputError(f"{file.name} is empty", "put the table there")
    header, body_start = _header(file, head)
    _check_columns(file, table, header)
    if not head[body_start:].strip() and not more:
        raise InputError(f"{file.name} has a header and no rows", "put the whole table there")
    return Source(table, file, header, body_start)


def _parquet(file: StoredFile, table: TableSchema) -> Source:
    with open_parquet(file) as parquet:
        schema, rows = parquet.schema_arrow, parquet.metadata.num_rows
    _check_columns(file, table, tuple(schema.names))
    source = Source(table, file, tuple(schema.names))
    for column in source.columns:
        _check_type(file, column, schema.field(column.name).type)
    if not rows:
        raise InputError(f"{file.name} has a header and no rows", "put the whole table there")
    return source


def _check_type(file: StoredFile, column: Column, found: pa.DataType) -> None:
    if not can_be(found, column):
        kind = "text" if column.type == pa.string() else "number"
        problem = f"{file.name}: the column {column.name} is a {kind}, and has the type {found}"
        raise InputError(problem, f"store it as a {kind}")


def _header(file: StoredFile, head: bytes) -> tuple[tuple[str, ...], int]:
    """The column names, and where the first row starts."""
    line = head.splitlines(keepends=True)[0]
    try:
        if b"\0" in line:
            raise UnicodeError("NUL bytes")
        names = next(csv.reader([line.removeprefix(BOM).decode()]), [])
    except (UnicodeError, csv.Error) as error:
        problem = f"{file.name} is not a CSV file in UTF-8 ({error})"
        raise InputError(problem, "export it as CSV with a header line") from None
    return tuple(name.strip() for name in names), len(line)


def _check_columns(file: StoredFile, table: TableSchema, header: tuple[str, ...]) -> None:
    needed = [column.name for column in table.columns if not column.optional]
    missing = [name for name in needed if name not in header]
    if missing:
        found = ", ".join(header)
        found = f"{found[:200]}..." if len(found) > 200 else found
        problem = f"{file.name} lacks the column {', '.join(missing)} (its header: {found})"
        raise InputError(problem, "rename or add it")
    twice = [column.name for column in table.columns if header.count(column.name) > 1]
    if twice:
        raise InputError(f"{file.name} has the column {', '.join(twice)} twice", "leave one")

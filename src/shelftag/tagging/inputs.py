"""The catalog a bulk job reads: looked at before anything starts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from shelftag.artifacts import Place, fingerprint, place_of
from shelftag.artifacts.places import READERS, one_line
from shelftag.errors import InputError
from shelftag.tagging.columns import Naming
from shelftag.tagging.csv_pieces import csv_pieces, read_csv_piece, read_header
from shelftag.tagging.ndjson_pieces import (
    ndjson_pieces,
    ndjson_schema,
    read_ndjson_piece,
    several_types,
    unified,
    without_nulls,
)
from shelftag.tagging.pieces import Block, Piece, parquet_pieces, read_parquet_piece

FORMATS = {".csv": "csv", ".parquet": "parquet", ".ndjson": "ndjson", ".jsonl": "ndjson"}
ENDS_BYTES = 2**16
WAY_OUT = "name a CSV, NDJSON or Parquet file, or a folder of them"


@dataclass(frozen=True)
class CatalogFiles:
    """CSV, NDJSON and Parquet files that have the same columns."""

    files: tuple[Place, ...]
    schema: pa.Schema

    @cached_property
    def _by_name(self) -> dict[str, Place]:
        return {str(file): file for file in self.files}

    def pieces(self, rows_per_block: int) -> Iterator[Piece]:
        """What tasks read, in the order of the files and their rows.

        Raises:
            InputError: a CSV file has a quoted field without an end.
        """
        for file in self.files:
            yield from _PIECES[format_of(file)](file, rows_per_block)

    def read(self, piece: Piece, columns: Sequence[str] | None = None) -> Block:
        """The rows of a piece; of Parquet only some columns, if so asked.

        Raises:
            Failed: the file cannot be read, or is not what it was.
        """
        file = self._by_name[piece.file]
        if format_of(file) == "csv":
            return read_csv_piece(file, piece, self.schema.names)
        if format_of(file) == "ndjson":
            return read_ndjson_piece(file, piece, self.schema)
        return read_parquet_piece(file, piece, columns)

    def fingerprints(self) -> dict[str, str]:
        """File -> its size, when it was written, and a hash of its first and last 64 KiB."""
        with ThreadPoolExecutor(READERS) as threads:
            found = threads.map(_fingerprint, self.files)
            return dict(zip(map(str, self.files), found, strict=True))


_PIECES = {"csv": csv_pieces, "ndjson": ndjson_pieces, "parquet": parquet_pieces}


def check_input(path: str | Path | Place, naming: Naming) -> CatalogFiles:
    """A file, or a folder of files; names that begin with `.` or `_` are passed over.

    Raises:
        InputError: a file cannot be read or differs from the others, or a column is missing, is
            no text, or has the name of a new one.
    """
    files = _files(place_of(path))
    with ThreadPoolExecutor(READERS) as threads:
        schemas = list(threads.map(_schema, files))
    schema = _common(files, schemas)
    _check_columns(schema, files[0], naming)
    return CatalogFiles(tuple(files), schema)


def _files(place: Place) -> list[Place]:
    info = place.info()
    if info.type == fs.FileType.NotFound:
        raise InputError(f"input {place} is not there", WAY_OUT)
    if info.type == fs.FileType.File:
        files, folders = [place], []
    else:
        seen = [one for one in place.entries() if not one.base_name.startswith((".", "_"))]
        files = [place / one.base_name for one in seen]
        folders = [one.base_name for one in seen if one.type != fs.FileType.File]
    for file in files:
        if not format_of(file) or file.base_name in folders:
            problem = f"{file} is none of {', '.join(FORMATS)}"
            raise InputError(problem, "leave it out, or unpack it")
    if not files:
        raise InputError(f"input {place} has no files", WAY_OUT)
    return files


def format_of(file: Place) -> str:
    """csv, ndjson or parquet; empty for another."""
    dot = file.base_name.rfind(".")
    return FORMATS.get(file.base_name[dot:].lower(), "") if dot >= 0 else ""


def _fingerprint(file: Place) -> str:
    info = file.info()
    ends = (file.read_range(at, ENDS_BYTES) for at in (0, max(0, info.size - ENDS_BYTES)))
    return f"{info.size} bytes, {info.mtime_ns or 0}, {fingerprint(*ends)}"


def _schema(file: Place) -> pa.Schema:
    """Names and types of a file's columns; those of a CSV file are all text."""
    try:
        if format_of(file) == "csv":
            return pa.schema([(name, pa.string()) for name in read_header(file)[0]])
        if format_of(file) == "ndjson":
            return ndjson_schema(file)
        with file.open() as source:
            return pq.read_schema(source).remove_metadata()
    except (OSError, pa.ArrowException) as error:
        problem = f"{file} cannot be read ({one_line(error)})"
        raise InputError(problem, "write the file again") from None


def _common(files: Sequence[Place], schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The one schema of all files; rows of NDJSON may lack columns that others have.

    Raises:
        InputError: a file has other columns, or columns of other types; or there are none.
    """
    both = list(zip(files, schemas, strict=True))
    lines = [one for one in both if format_of(one[0]) == "ndjson"]
    tables = [one for one in both if format_of(one[0]) != "ndjson"]
    if (schema := _of_lines(lines)).names:
        tables.append((lines[0][0], schema))
    if not tables:
        raise InputError(f"{files[0]} has no row that is a JSON object", "write one a line")
    (first, schema), *others = tables
    for file, other in others:
        _check_same(schema, first, other, file)
    return schema


def _of_lines(lines: Sequence[tuple[Place, pa.Schema]]) -> pa.Schema:
    """The one schema of NDJSON files, of which some may have no rows."""
    schema = pa.schema([])
    for file, other in lines:
        try:
            schema = unified([schema, other])
        except pa.ArrowException as error:
            raise several_types(file, error) from None
    return pa.schema([(one.name, without_nulls(one.type)) for one in schema])


def _check_same(schema: pa.Schema, first: Place, other: pa.Schema, file: Place) -> None:
    if other.equals(schema):
        return
    if other.names != schema.names:
        difference = (
            f"columns {_listed(other.names)}, and {first.base_name} {_listed(schema.names)}"
        )
    else:
        own, others = next((a, b) for a, b in zip(other, schema, strict=True) if a != b)
        difference = f"the column {_typed(own)}, and {first.base_name} {_typed(others)}"
    raise InputError(f"{file} has {difference}", "tag files with other columns in another job")


def _typed(field: pa.Field) -> str:
    return f"{field.name!r} of {field.type}" + ("" if field.nullable else " without nulls")


def _check_columns(schema: pa.Schema, file: Place, naming: Naming) -> None:
    twice = [name for name, count in Counter(schema.names).items() if count > 1]
    if twice:
        raise InputError(f"{file} has the column {twice[0]!r} twice", "rename one of them")
    for option, column in (
        ("--name-column", naming.name_column),
        ("--description-column", naming.description_column),
    ):
        if column is not None:
            _check_text(schema, file, column, option)
    clash = [name for name in naming.new_columns if name in schema.names]
    if clash:
        problem = f"{file} has a column {clash[0]!r} already, and a new one would have its name"
        prefix = "shelftag_" if naming.prefix != "shelftag_" else "tag_"
        raise InputError(problem, f"give the new columns a prefix: --prefix {prefix}")


def _check_text(schema: pa.Schema, file: Place, column: str, option: str) -> None:
    if column not in schema.names:
        problem = f"{file} has no column {column!r}, only {_listed(schema.names)}"
        raise InputError(problem, f"name one of them with {option}")
    stored = schema.field(column).type
    text = stored.value_type if pa.types.is_dictionary(stored) else stored
    if text not in (pa.string(), pa.large_string(), pa.string_view()):
        problem = f"column {column!r} of {file} is {stored}, not text"
        raise InputError(problem, f"name a column of text with {option}")


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)

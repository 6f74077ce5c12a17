"""The catalog a bulk job reads: looked at before anything starts."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.errors import InputError
from shelftag.tagging.columns import Naming
from shelftag.tagging.csv_pieces import csv_pieces, read_csv_piece, read_header
from shelftag.tagging.pieces import Block, Piece, parquet_pieces, read_parquet_piece

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class CatalogFiles:
    """CSV and Parquet files that have the same columns."""

    files: tuple[Path, ...]
    schema: pa.Schema

    def pieces(self, rows_per_block: int) -> Iterator[Piece]:
        """What tasks read, in the order of the files and their rows.

        Raises:
            InputError: a CSV file has a quoted field without an end.
        """
        for file in self.files:
            pieces = csv_pieces if _is_csv(file) else parquet_pieces
            yield from pieces(file, rows_per_block)

    def read(self, piece: Piece) -> Block:
        """The rows of a piece.

        Raises:
            Failed: the file cannot be read, or is not what it was.
        """
        if _is_csv(Path(piece.file)):
            return read_csv_piece(piece, self.schema.names)
        return read_parquet_piece(piece)


def check_input(path: Path, naming: Naming) -> CatalogFiles:
    """A file, or a folder of files; names that begin with `.` or `_` are passed over.

    Raises:
        InputError: a file cannot be read or differs from the others, or a column is missing, is
            no text, or has the name of a new one.
    """
    files = _files(path)
    schema = _schema(files[0])
    for file in files[1:]:
        _check_same(schema, files[0], _schema(file), file)
    _check_columns(schema, files[0], naming)
    return CatalogFiles(tuple(files), schema)


def _files(path: Path) -> list[Path]:
    path = path.absolute()
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if not file.name.startswith((".", "_")))
    elif path.is_file():
        files = [path]
    else:
        raise InputError(f"input {path} is not there", "name a CSV or Parquet file, or a folder")
    for file in files:
        if not file.is_file() or file.suffix.lower() not in SUFFIXES:
            raise InputError(f"{file} is neither a .csv nor a .parquet file", "leave it out")
    if not files:
        raise InputError(f"input {path} has no files", "name a folder with CSV or Parquet files")
    return files


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"


def _schema(file: Path) -> pa.Schema:
    """Names and types of a file's columns; those of a CSV file are all text."""
    try:
        if _is_csv(file):
            return pa.schema([(name, pa.string()) for name in read_header(file)[0]])
        return pq.read_schema(file).remove_metadata()
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file} cannot be read ({reason})", "write the file again") from None


def _check_same(schema: pa.Schema, first: Path, other: pa.Schema, file: Path) -> None:
    if other.equals(schema):
        return
    if other.names != schema.names:
        difference = f"columns {_listed(other.names)}, and {first.name} {_listed(schema.names)}"
    else:
        name = next(name for name in schema.names if other.field(name) != schema.field(name))
        difference = f"the column {_typed(other, name)}, and {first.name} {_typed(schema, name)}"
    raise InputError(f"{file} has {difference}", "tag files with other columns in another job")


def _typed(schema: pa.Schema, name: str) -> str:
    field = schema.field(name)
    return f"{name!r} of {field.type}" + ("" if field.nullable else " without nulls")


def _check_columns(schema: pa.Schema, file: Path, naming: Naming) -> None:
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


def _check_text(schema: pa.Schema, file: Path, column: str, option: str) -> None:
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

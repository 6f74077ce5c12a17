"""The stored files of tables, in a local folder or wherever `pyarrow.fs` can read.

TABLES/orders.csv                     one file,
TABLES/orders.csv.gz .zst .zip        packed,
TABLES/orders.parquet                 or Parquet,
TABLES/orders/part-0.csv.gz ...       or a folder of any of these
"""

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import fs

from shelftag.artifacts.places import Place, one_line, place_of
from shelftag.errors import InputError
from shelftag.tables.schemas import TABLES, TableSchema

FORMATS = {
    ".csv": "csv",
    ".csv.gz": "gzip",
    ".csv.zst": "zstd",
    ".csv.zip": "zip",
    ".parquet": "parquet",
}
"""End of a file's name -> its format."""


class StoredFile(NamedTuple):
    """One file as it is stored."""

    name: str
    """Path or URI, as the user would write it."""
    path: str
    """Inside `filesystem`."""
    filesystem: fs.FileSystem
    format: str
    size: int
    """Stored bytes."""
    modified_ns: int
    """When it was last written, since 1970."""

    def read(self, start: int, length: int) -> bytes:
        """Stored bytes from `start`, at most `length`."""
        with self.filesystem.open_input_file(self.path) as file:
            data: bytes = file.read_at(length, start)
        return data


def find_files(tables: str | Path) -> dict[str, list[StoredFile]]:
    """Table name -> its files in order of their names, all six.

    Raises:
        InputError: the place cannot be read, a table is missing or stands there twice, or a
            table's folder holds no file, or one that is no table.
    """
    place = place_of(str(tables))
    entries = _list(place, place.path)
    found = {table.name: _forms(table, entries) for table in TABLES}
    missing = [f"{name}.csv" for name, forms in found.items() if not forms]
    if missing:
        whole = f"{place.name}{place.query}"
        raise InputError(f"{whole} lacks {', '.join(missing)}", "put all six tables there")
    return {name: _files(place, forms) for name, forms in found.items()}


def find_below(tables: str | Path, path: str) -> list[StoredFile]:
    """The files of one table below a folder or URI: a file, or those of a folder.

    Raises:
        InputError: there is nothing, or it cannot be read, or it is no table.
    """
    place = place_of(str(tables))
    entry = _entry(place, f"{place.path}/{path.rstrip('/')}")
    if entry.type == fs.FileType.NotFound:
        problem = f"{_named(place, entry.path)} is not there"
        raise InputError(problem, "mend its path, which begins at --tables")
    return _files(place, [entry])


def find_file(path: str) -> StoredFile:
    """One file, by its path or URI.

    Raises:
        InputError: there is none, or it cannot be read, or it is no table.
    """
    folder, slash, name = path.rpartition("/")
    place = place_of(folder or slash or ".")
    entry = _entry(place, f"{place.path.rstrip('/')}/{name}")
    if entry.type == fs.FileType.NotFound:
        raise InputError(f"{path} is not there", "mend its path")
    if _is_folder(entry):
        raise InputError(f"{path} is a folder", "name a file")
    return _file(place, entry)


def _named(place: Place, path: str) -> str:
    """A path inside it, as the user would write it."""
    return f"{place.name}{path.removeprefix(place.path)}{place.query}"


def _entry(place: Place, path: str) -> fs.FileInfo:
    try:
        return place.filesystem.get_file_info(path)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(place, path, error) from None


def _unreadable(place: Place, path: str, error: Exception) -> InputError:
    problem = f"{_named(place, path)} cannot be read ({one_line(error)})"
    return InputError(problem, "mend the path, the network or the credentials")


def _list(place: Place, path: str) -> list[fs.FileInfo]:
    """What a folder holds, in order of names; hidden entries are not seen."""
    try:
        entries = place.filesystem.get_file_info(fs.FileSelector(path))
    except (FileNotFoundError, NotADirectoryError):
        problem = f"tables {_named(place, path)} is not a folder"
        raise InputError(problem, "name the folder with the six tables") from None
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(place, path, error) from None
    return sorted(
        (entry for entry in entries if not entry.base_name.startswith((".", "_"))),
        key=lambda entry: entry.base_name,
    )


def _forms(table: TableSchema, entries: list[fs.FileInfo]) -> list[fs.FileInfo]:
    """Files `NAME.csv` and the like, and the folder `NAME` (or `NAME.parquet`, as Spark has it)."""
    names = {f"{table.name}{end}" for end in FORMATS}
    return [
        entry
        for entry in entries
        if entry.base_name in names or (_is_folder(entry) and entry.base_name == table.name)
    ]


def _files(place: Place, forms: list[fs.FileInfo]) -> list[StoredFile]:
    """The files of the one form of a table."""
    if len(forms) > 1:
        both = " and ".join(_named(place, form.path) for form in forms)
        raise InputError(f"{both} are one table twice", "leave one of them")
    (form,) = forms
    if not _is_folder(form):
        return [_file(place, form)]
    files = [_file(place, entry) for entry in _list(place, form.path)]
    if not files:
        raise InputError(f"{_named(place, form.path)} has no files", "put the table there")
    return files


def _file(place: Place, entry: fs.FileInfo) -> StoredFile:
    name = _named(place, entry.path)
    for end, kind in FORMATS.items():
        if entry.base_name.endswith(end) and not _is_folder(entry):
            return StoredFile(
                name, entry.path, place.filesystem, kind, entry.size, entry.mtime_ns or 0
            )
    problem = f"{name} is none of {', '.join(FORMATS)}"
    raise InputError(problem, "convert it, or move it out of the table's folder")


def _is_folder(entry: fs.FileInfo) -> bool:
    return bool(entry.type == fs.FileType.Directory)

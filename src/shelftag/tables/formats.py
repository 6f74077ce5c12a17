"""A stored file as the CSV that it holds, whatever it is packed in."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts.places import one_line
from shelftag.errors import Failed
from shelftag.tables.files import StoredFile

UNREADABLE = (OSError, EOFError, RuntimeError, pa.ArrowException, zipfile.BadZipFile, zlib.error)
"""What the libraries raise for a file that is not what its name says, or is cut off; a zip with
a password is a RuntimeError."""


class NotOneMember(OSError):
    """A zip with no CSV, or more than one."""


@contextmanager
def open_csv(file: StoredFile) -> Iterator[IO[bytes]]:
    """The unpacked CSV as a stream.

    Raises:
        UNREADABLE: here or while it is read.
    """
    if file.format == "zip":
        with _open_zip(file) as archive, archive.open(_member(archive)) as stream:
            yield stream
        return
    packed = file.format if file.format in ("gzip", "zstd") else None
    with file.filesystem.open_input_stream(file.path, compression=packed) as stream:
        yield stream


@contextmanager
def open_parquet(file: StoredFile, **options: Any) -> Iterator[pq.ParquetFile]:
    """A Parquet file; its rows are read later.

    Raises:
        UNREADABLE: here or while it is read.
    """
    with (
        file.filesystem.open_input_file(file.path) as stored,
        pq.ParquetFile(stored, **options) as parquet,
    ):
        yield parquet


def csv_bytes(file: StoredFile) -> int | None:
    """Size of the unpacked CSV, as far as it is known without unpacking."""
    if file.format == "zip":
        with _open_zip(file) as archive:
            return _member(archive).file_size
    return file.size if file.format == "csv" else None


@contextmanager
def whole(file: StoredFile) -> Iterator[None]:
    """While rows are read: a file that ends too early, or is damaged, is said so.

    Raises:
        Failed: in place of what the library raises.
    """
    try:
        yield
    except UNREADABLE as error:
        problem = f"{file.name} cannot be read to its end ({one_line(error)})"
        raise Failed(problem, "copy the file there again") from error


@contextmanager
def _open_zip(file: StoredFile) -> Iterator[zipfile.ZipFile]:
    with file.filesystem.open_input_file(file.path) as stored, zipfile.ZipFile(stored) as archive:
        yield archive


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one CSV of a zip; macOS puts its own entries beside it."""
    names = [
        name
        for name in archive.namelist()
        if name.lower().endswith(".csv")
        and not name.startswith("__MACOSX/")
        and not name.rpartition("/")[2].startswith("._")
    ]
    if len(names) != 1:
        raise NotOneMember(f"it holds {', '.join(names) or 'no CSV'}, and should hold one CSV")
    return archive.getinfo(names[0])

"""Where a file or a folder stands: on a disk, or wherever `pyarrow.fs` can reach.

    PLACE("s3://shop/tagged") / "tags" / "part-0.parquet"

Object stores have no folders, no rename and no append, so nothing here needs them: a file is
written whole under its own name, or it is not there.
"""

import os.path
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from shelftag.errors import InputError

READERS = 16
"""Files read at once where each waits for an answer: of an object store, a tenth of a second."""


@dataclass(frozen=True)
class Place:
    """A file or a folder; tasks on any machine may be given one."""

    name: str
    """Path or URI, as the user would write it."""
    path: str
    """Inside `filesystem`."""
    filesystem: fs.FileSystem
    query: str = ""
    """What follows `?` in the URI, `?` included: options of the filesystem."""

    def __truediv__(self, name: str) -> "Place":
        below = f"{self.path.rstrip('/')}/{name}"
        return Place(f"{self.name.rstrip('/')}/{name}", below, self.filesystem, self.query)

    def __str__(self) -> str:
        return self.name + self.query

    @property
    def base_name(self) -> str:
        """The last part of its name."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> "Place":
        """The folder it stands in.

        Raises:
            InputError: it is the top of its filesystem, such as a bucket.
        """
        path, slash, base_name = self.path.rpartition("/")
        if not slash or not base_name:
            raise InputError(f"{self} stands in no folder", "name a folder below it")
        name, slash, last = self.name.rpartition("/")
        if last in (".", ".."):  # only a local path is written so
            name = path
        return Place(name or slash or ".", path or "/", self.filesystem, self.query)

    @property
    def real_path(self) -> str:
        """Inside `filesystem`, whatever links lead to it."""
        return os.path.realpath(self.path) if self.local else self.path

    @property
    def local(self) -> Path | None:
        """As a path of this machine, if it is one."""
        return Path(self.path) if isinstance(self.filesystem, fs.LocalFileSystem) else None

    def info(self) -> Any:
        """What stands there: `pyarrow.fs.FileInfo`.

        Raises:
            InputError: the place does not answer.
        """
        with reaching(self):
            return self.filesystem.get_file_info(self.path)

    def is_file(self) -> bool:
        """Whether a file stands there."""
        return bool(self.info().type == fs.FileType.File)

    def is_folder(self) -> bool:
        """Whether a folder, or objects whose names begin so, stand there."""
        return bool(self.info().type == fs.FileType.Directory)

    def entries(self) -> list[Any]:
        """`FileInfo` of what a folder holds, in order of names; none where there is no folder."""
        with reaching(self):
            selector = fs.FileSelector(self.path, allow_not_found=True)
            found = self.filesystem.get_file_info(selector)
        return sorted(found, key=lambda entry: entry.base_name)

    def read(self) -> bytes:
        """All of a file.

        Raises:
            OSError: there is none, or it cannot be read.
        """
        with self.filesystem.open_input_stream(self.path) as file:
            data: bytes = file.read()
        return data

    def open(self) -> Any:
        """A file to read from anywhere in it: `pyarrow.NativeFile`."""
        return self.filesystem.open_input_file(self.path)

    def read_range(self, start: int, length: int) -> bytes:
        """Bytes of a file from `start`, at most `length`."""
        with self.open() as file:
            data: bytes = file.read_at(length, start)
        return data

    def write(self, data: bytes) -> None:
        """Replace a file at once: a reader sees the old one or the new, never a part."""
        if (local := self.local) is None:
            with self.filesystem.open_output_stream(self.path) as file:
                file.write(data)
            return
        local.parent.mkdir(parents=True, exist_ok=True)
        draft = local.with_name(f".{local.name}.{uuid.uuid4().hex[:12]}")
        try:
            draft.write_bytes(data)
            draft.replace(local)
        except OSError:  # as on a full disk, which the draft need not fill
            draft.unlink(missing_ok=True)
            raise

    def create(self) -> Any:
        """A new file to write to, one after the other: `pyarrow.NativeFile`. On an object store it
        is there when it is closed."""
        if (local := self.local) is not None:
            local.parent.mkdir(parents=True, exist_ok=True)
        return self.filesystem.open_output_stream(self.path)

    def make(self) -> None:
        """Make the folder, where there are folders."""
        if (local := self.local) is not None:
            local.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Remove a file, or a folder with all that is in it, if it is there."""
        kind = self.info().type
        if kind == fs.FileType.Directory:
            self.filesystem.delete_dir(self.path)
        elif kind != fs.FileType.NotFound:
            self.filesystem.delete_file(self.path)


@contextmanager
def reaching(place: Place) -> Iterator[None]:
    """What a filesystem raises is said as an error of ours, with the place named.

    Raises:
        InputError: in place of it.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        problem = f"{place} cannot be reached ({one_line(error)})"
        raise InputError(problem, "mend the path, the network or the credentials") from None


def place_of(where: str | Path | Place) -> Place:
    """A local path, or any URI that `pyarrow.fs.FileSystem.from_uri` takes.

    Raises:
        InputError: it is empty, as of a variable that is not set; the URI holds a key, or is none.
    """
    if isinstance(where, Place):
        return where
    if not str(where).strip():
        raise InputError("an empty text is no path", "name a file, a folder or a URI")
    if "://" not in str(where):
        name = str(where).rstrip("/") or "/"
        return Place(name, os.path.abspath(where), fs.LocalFileSystem())  # noqa: PTH100
    uri = urlsplit(str(where))
    if "@" in uri.netloc:
        raise InputError(
            f"the {uri.scheme} URI holds a key, which would stand in files and logs",
            "give credentials in the environment",
        )
    try:
        filesystem, path = fs.FileSystem.from_uri(str(where))
    except (pa.ArrowException, OSError, ValueError) as error:
        way_out = "mend the URI, the network or the credentials"
        raise InputError(f"{where} cannot be read ({one_line(error)})", way_out) from None
    query = f"?{uri.query}" if uri.query else ""
    name = str(where).split("?", 1)[0].rstrip("/")
    return Place(name, path.rstrip("/"), filesystem, query)


def one_line(error: BaseException) -> str:
    """What a library says, without its line ends."""
    return " ".join(str(error).split()) or type(error).__name__

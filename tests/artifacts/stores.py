"""An object store in memory: files have names, there are no folders, and no rename."""

import uuid

from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from pyarrow import fs

from shelftag.artifacts import Place


def bucket() -> Place:
    """An empty one."""
    name = uuid.uuid4().hex
    return Place(f"memory://{name}", name, fs.PyFileSystem(fs.FSSpecHandler(MemoryFileSystem())))

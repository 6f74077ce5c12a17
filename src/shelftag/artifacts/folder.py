"""A folder that is complete when its manifest is there."""

import atexit
import fcntl
import os
from pathlib import Path
from typing import IO, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from shelftag.artifacts.files import remove, write_text
from shelftag.artifacts.manifests import Manifest
from shelftag.errors import ArtifactError

MARKER = ".shelftag-incomplete"

M = TypeVar("M", bound=Manifest)

_held: dict[Path, IO[str]] = {}
"""Markers this process has locked; the lock goes with the process."""


@atexit.register
def _release_all() -> None:
    for marker in _held.values():
        marker.close()


class Folder(Generic[M]):
    """A folder that is complete when its manifest is there."""

    kind: ClassVar[str]
    made_by: ClassVar[str]
    contents: ClassVar[tuple[str, ...]]
    manifest_type: type[M]

    def __init__(self, path: Path) -> None:
        self.path = Path(path).absolute()

    @property
    def manifest_file(self) -> Path:
        return self.path / "manifest.json"

    @property
    def is_complete(self) -> bool:
        return self.manifest_file.is_file()

    @property
    def is_half_written(self) -> bool:
        """Begun by us, as this kind, and not finished."""
        marker = self.path / MARKER
        if not marker.is_file():
            return False
        kind = marker.read_text(encoding="utf-8").strip()
        # one that says nothing and stands alone: killed before it was written
        return kind == self.kind or (not kind and list(self.path.iterdir()) == [marker])

    def manifest(self) -> M:
        """Read the manifest.

        Raises:
            ArtifactError: the folder is missing, half-written or not of this kind.
        """
        if not self.path.is_dir():
            raise ArtifactError(f"{self.kind} {self.path} is not a folder", self._way_out())
        if not self.is_complete:
            state = "half-written" if self.is_half_written else "without a manifest.json"
            raise ArtifactError(f"{self.kind} {self.path} is {state}", self._way_out())
        try:
            return self.manifest_type.model_validate_json(self.manifest_file.read_bytes())
        except (OSError, ValidationError, ValueError) as error:
            first = str(error).splitlines()[0]
            raise ArtifactError(
                f"{self.manifest_file} is not a {self.kind} manifest ({first})", self._way_out()
            ) from None

    def check_free(self, *, overwrite: bool) -> None:
        """Refuse a folder that must not be written to, before any work.

        Raises:
            ArtifactError: it is complete and `overwrite` is not set, holds foreign files, or
                cannot be made.
        """
        if self.is_complete and overwrite:
            self.manifest()  # only a folder of this kind may be replaced
        elif self.is_complete:
            raise ArtifactError(
                f"{self.kind} {self.path} is there already", "name another --out, or --overwrite"
            )
        elif self.path.exists() and not self.path.is_dir():
            raise ArtifactError(f"{self.path} is a file", "name a folder")
        elif not can_be_made(self.path):
            raise ArtifactError(f"{self.path} cannot be made or written to", "name another --out")
        elif self.path.is_dir() and any(self.path.iterdir()) and not self.is_half_written:
            raise ArtifactError(
                f"{self.path} holds files that are not a {self.kind}'s", "name an empty folder"
            )

    def begin(self, *, overwrite: bool = False) -> None:
        """Make the folder empty and ours: the manifest goes first, so no reader sees half of it."""
        self.check_free(overwrite=overwrite)
        self.hold()
        for name in ("manifest.json", *self.contents):
            remove(self.path / name)

    def hold(self) -> None:
        """Mark the folder as begun, and keep other processes from writing to it meanwhile.

        Raises:
            ArtifactError: another process holds it, or it cannot be made.
        """
        hold(self.path, self.kind)

    def abandon(self) -> None:
        """Leave a folder that was begun without anything in it of ours."""
        for name in self.contents:
            remove(self.path / name)
        remove(self.path / MARKER)
        self.release()

    def release(self) -> None:
        """Let others write to it again."""
        release(self.path)

    def publish(self, manifest: M) -> None:
        """Write the manifest: from here on the folder is complete."""
        for name in ("manifest.json", *self.contents):
            for draft in self.path.glob(f".{name}.*"):  # of a writer that was killed
                remove(draft)
        write_text(self.manifest_file, manifest.model_dump_json(indent=2) + "\n")
        remove(self.path / MARKER)
        self.release()

    def _way_out(self) -> str:
        return f"name a folder that `shelftag {self.made_by}` finished"


def hold(path: Path, kind: str) -> None:
    """Mark a folder as begun, and keep other processes from writing to it meanwhile.

    Raises:
        ArtifactError: another process holds it, or it cannot be made.
    """
    release(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        marker = (path / MARKER).open("a", encoding="utf-8")
    except OSError as error:
        problem = f"{path} cannot be made ({error.strerror})"
        raise ArtifactError(problem, "name another --out") from None
    try:
        fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        marker.close()
        problem = f"{kind} {path} is being written by another process"
        raise ArtifactError(problem, "wait for it to end, or stop it") from None
    if not marker.tell():  # a marker that says it already is never empty in between
        marker.write(kind)
        marker.flush()
    _held[path] = marker


def release(path: Path) -> None:
    """Let others write to a folder again."""
    marker = _held.pop(path, None)
    if marker:
        marker.close()


def can_be_made(path: Path) -> bool:
    """Whether a folder is there and may be written to, or can be made."""
    nearest = next(one for one in (path, *path.parents) if one.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)

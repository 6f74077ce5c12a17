"""A folder that is complete when its manifest is there."""

from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from pydantic import ValidationError

from shelftag.artifacts.files import remove, write_text
from shelftag.artifacts.manifests import Manifest
from shelftag.errors import ArtifactError

MARKER = ".shelftag-incomplete"

M = TypeVar("M", bound=Manifest)


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
        return (self.path / MARKER).is_file()

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
            ArtifactError: it is complete and `overwrite` is not set, or holds foreign files.
        """
        if self.is_complete and overwrite:
            self.manifest()  # only a folder of this kind may be replaced
        elif self.is_complete:
            raise ArtifactError(
                f"{self.kind} {self.path} is there already", "name another --out, or --overwrite"
            )
        elif self.path.exists() and not self.path.is_dir():
            raise ArtifactError(f"{self.path} is a file", "name a folder")
        elif self.path.is_dir() and any(self.path.iterdir()) and not self.is_half_written:
            raise ArtifactError(
                f"{self.path} holds files that are not a {self.kind}'s", "name an empty folder"
            )

    def begin(self, *, overwrite: bool = False) -> None:
        """Make the folder empty and ours: the manifest goes first, so no reader sees half of it."""
        self.check_free(overwrite=overwrite)
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / MARKER).touch()
        for name in ("manifest.json", *self.contents):
            remove(self.path / name)

    def publish(self, manifest: M) -> None:
        """Write the manifest: from here on the folder is complete."""
        write_text(self.manifest_file, manifest.model_dump_json(indent=2) + "\n")
        remove(self.path / MARKER)

    def _way_out(self) -> str:
        return f"name a folder that `shelftag {self.made_by}` finished"

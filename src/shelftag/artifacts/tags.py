"""A tagged catalog: the one kind of folder that may stand on an object store.

    OUT/  tags/part-*  errors/part-*  names/part-*.parquet  review.csv  changes.csv  summary.json
          progress.json  manifest.json
          work/   while it is made: job.json, names/, answers/, commits/

An object store has no rename and no locks: a part has a name of its own, the manifest names the
parts and is written last, and that only one job writes to a folder is the caller's to see to.
"""

from pathlib import Path

from pydantic import ValidationError

from shelftag.artifacts.folder import MARKER, can_be_made, hold, release
from shelftag.artifacts.manifests import TagsManifest
from shelftag.artifacts.places import Place, place_of
from shelftag.errors import ArtifactError

KIND = "tag output"
CONTENTS = (
    "work",
    "tags",
    "errors",
    "names",
    "review.csv",
    "changes.csv",
    "summary.json",
    "progress.json",
)
DRAFTS = tuple(f".{name}." for name in ("manifest.json", *CONTENTS))
WAY_OUT = "name a folder that `shelftag tag` finished"


class Tags:
    """What `tag` makes of a catalog; complete when its manifest is there."""

    def __init__(self, where: str | Path | Place) -> None:
        self.place = place_of(where)

    def __str__(self) -> str:
        return f"{KIND} {self.place}"

    @property
    def tags(self) -> Place:
        return self.place / "tags"

    @property
    def errors(self) -> Place:
        return self.place / "errors"

    @property
    def names(self) -> Place:
        return self.place / "names"

    @property
    def work(self) -> Place:
        return self.place / "work"

    @property
    def progress_file(self) -> Place:
        return self.place / "progress.json"

    @property
    def manifest_file(self) -> Place:
        return self.place / "manifest.json"

    @property
    def is_complete(self) -> bool:
        return self.manifest_file.is_file()

    @property
    def is_half_written(self) -> bool:
        """Begun by us, and not finished."""
        try:
            said = (self.place / MARKER).read().decode(errors="replace").strip()
        except OSError:
            return False
        return said == KIND or (not said and len(self.place.entries()) == 1)

    def manifest(self) -> TagsManifest:
        """Read the manifest.

        Raises:
            ArtifactError: the folder is missing, half-written or not of this kind.
        """
        if not self.is_complete:
            state = "not a folder"
            if self.place.is_folder():
                state = "half-written" if self.is_half_written else "without a manifest.json"
            raise ArtifactError(f"{self} is {state}", WAY_OUT)
        try:
            return TagsManifest.model_validate_json(self.manifest_file.read())
        except (OSError, ValidationError, ValueError) as error:
            first = str(error).splitlines()[0]
            problem = f"{self.manifest_file} is not a {KIND} manifest ({first})"
            raise ArtifactError(problem, WAY_OUT) from None

    def check_free(self, *, overwrite: bool) -> None:
        """Refuse a folder that must not be written to, before any work.

        Raises:
            ArtifactError: it is complete and `overwrite` is not set, holds foreign files, or
                cannot be made.
        """
        if self.is_complete:
            if not overwrite:
                problem = f"{self} is there already"
                raise ArtifactError(problem, "name another --out, or --overwrite")
            self.manifest()  # only a folder of this kind may be replaced
            return
        if self.place.is_file():
            raise ArtifactError(f"{self.place} is a file", "name a folder")
        local = self.place.local
        if local is not None and not can_be_made(local):
            problem = f"{self.place} cannot be made or written to"
            raise ArtifactError(problem, "name another --out")
        if self.place.entries() and not self.is_half_written:
            problem = f"{self.place} holds files that are not a {KIND}'s"
            raise ArtifactError(problem, "name an empty folder")

    def begin(self) -> None:
        """Make the folder empty and ours: the manifest goes first, so no reader sees half of it."""
        self.hold()
        for name in ("manifest.json", *CONTENTS):
            (self.place / name).remove()
        for folder in (self.tags, self.errors, self.names, self.work):
            folder.make()

    def hold(self) -> None:
        """Mark the folder as begun; a local one is kept from other processes meanwhile.

        Raises:
            ArtifactError: another process holds it, or it cannot be made.
        """
        if (local := self.place.local) is not None:
            hold(local, KIND)
        else:
            (self.place / MARKER).write(KIND.encode())

    def release(self) -> None:
        """Let others write to it again."""
        if (local := self.place.local) is not None:
            release(local)

    def publish(self, manifest: TagsManifest) -> None:
        """Write the manifest: from here on the folder is complete."""
        self.manifest_file.write((manifest.model_dump_json(indent=2) + "\n").encode())
        self.work.remove()
        for entry in self.place.entries():
            if entry.base_name.startswith(DRAFTS):  # of a writer that was killed
                (self.place / entry.base_name).remove()
        (self.place / MARKER).remove()
        self.release()

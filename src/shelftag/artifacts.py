"""Dataset, Run and Tags: the folders stages meet through, and the only place that knows paths.

    DATASET/  order_lines/*.parquet  products.parquet  rejects/*.parquet  manifest.json
    RUN/      config.json  progress.json  checkpoints/  base/  linear/  evaluation/  adapter/
              manifest.json
    TAGS/     tags/*.parquet  errors/*.parquet  progress.json  manifest.json

A folder is complete when its manifest is there: parts are written first, the manifest that names
them last. Until then a marker file says that the folder is ours and half-written, so that a later
attempt may clear it, and nobody's own files are ever removed.
"""

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shelftag.errors import ArtifactError

MARKER = ".shelftag-incomplete"


class Manifest(BaseModel):
    """What a complete folder says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    shelftag: str
    """Version of shelftag that wrote it."""
    fingerprint: str
    """BLAKE2b-128 over what the folder's readers depend on."""
    config: dict[str, Any]
    """The resolved config it was made with."""


class TableAccount(BaseModel):
    """Rows of one input table: read = merged + rejected (`merged`: taken into the Dataset)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: int
    merged: int
    rejected: int


class DatasetManifest(Manifest):
    """Row accounting, inputs, split counts and the label set."""

    departments: tuple[str, ...]
    """The labels, in the order of the model's outputs."""
    split_protocol: str
    splits: dict[str, int]
    """Products in train, valid, test, unlabelled."""
    tables: dict[str, TableAccount]
    order_lines: dict[str, int]
    """merged = kept + dropped (null `days_since_prior_order`)."""
    reject_reasons: dict[str, int]
    inputs: dict[str, str]
    """Table -> size and BLAKE2b-128 of its first and last MiB."""
    leakage: dict[str, int]
    """Names and token sets that stand on both sides of the split; 0 where the protocol holds."""
    parts: tuple[str, ...]
    """Order-line part files."""


class RunManifest(Manifest):
    """A trained tagger's identity."""

    dataset: str
    """Fingerprint of the Dataset it learned from."""
    departments: tuple[str, ...]
    base: str
    """Hub id, folder, or `../base` for a made base."""
    inference: dict[str, Any]
    """The one frozen inference form; see `shelftag.model.base.InferenceForm`."""
    training: dict[str, Any]
    """Steps, seconds, losses, restarts."""
    versions: dict[str, str]
    """Libraries it was trained with."""


class TagsManifest(Manifest):
    """One bulk tagging job: rows_in = rows_out + errors."""

    run: str
    """Fingerprint of the Run."""
    rows_in: int
    rows_out: int
    errors: int
    unique_names: int
    """Summed over blocks: a name that stands in two blocks counts twice."""
    review: int
    departments: dict[str, int]
    parts: tuple[str, ...]


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


class Dataset(Folder[DatasetManifest]):
    """Order lines and labelled products."""

    kind = "Dataset"
    made_by = "prepare"
    contents = ("order_lines", "products.parquet", "rejects")
    manifest_type = DatasetManifest

    @property
    def order_lines_dir(self) -> Path:
        return self.path / "order_lines"

    @property
    def products_file(self) -> Path:
        return self.path / "products.parquet"

    @property
    def rejects_dir(self) -> Path:
        return self.path / "rejects"


class Run(Folder[RunManifest]):
    """A trained tagger."""

    kind = "Run"
    made_by = "train"
    contents = (
        "config.json",
        "progress.json",
        "checkpoints",
        "base",
        "base.draft",
        "linear",
        "evaluation",
        "adapter",
    )
    manifest_type = RunManifest

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def progress_file(self) -> Path:
        return self.path / "progress.json"

    @property
    def checkpoints_dir(self) -> Path:
        return self.path / "checkpoints"

    @property
    def base_dir(self) -> Path:
        return self.path / "base"

    @property
    def base_draft_dir(self) -> Path:
        return self.path / "base.draft"

    @property
    def linear_dir(self) -> Path:
        return self.path / "linear"

    @property
    def evaluation_dir(self) -> Path:
        return self.path / "evaluation"

    @property
    def adapter_dir(self) -> Path:
        return self.path / "adapter"

    @property
    def departments_file(self) -> Path:
        return self.adapter_dir / "departments.json"

    @property
    def calibration_file(self) -> Path:
        return self.adapter_dir / "calibration.json"


class Tags(Folder[TagsManifest]):
    """A tagged catalog."""

    kind = "tag output"
    made_by = "tag"
    contents = ("tags", "errors", "progress.json")
    manifest_type = TagsManifest

    @property
    def tags_dir(self) -> Path:
        return self.path / "tags"

    @property
    def errors_dir(self) -> Path:
        return self.path / "errors"

    @property
    def progress_file(self) -> Path:
        return self.path / "progress.json"


def part_name() -> str:
    """A name no other task will choose, so a retried task never overwrites another's part."""
    return f"part-{uuid.uuid4().hex}.parquet"


def write_text(path: Path, text: str) -> None:
    """Replace a small file at once: a reader sees the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """`write_text` of a JSON object."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        ArtifactError: the file is missing or holds something else.
    """
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({error})", "make the folder again") from None
    if not isinstance(value, dict):
        raise ArtifactError(f"{path} is not a JSON object", "make the folder again")
    return value


def fingerprint(*parts: bytes | str | Path) -> str:
    """BLAKE2b-128 over texts and files, each preceded by its length."""
    digest = blake2b(digest_size=16)
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part
        data = data.encode() if isinstance(data, str) else data
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

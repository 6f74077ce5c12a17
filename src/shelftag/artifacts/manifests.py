"""What a complete folder says of itself."""

from typing import Any

from pydantic import BaseModel, ConfigDict


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
    """Steps, last loss, and the seconds of the session that finished it."""
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

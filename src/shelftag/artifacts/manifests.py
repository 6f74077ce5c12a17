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


class OverridesAccount(BaseModel):
    """One file of corrected labels: rows = applied + unchanged + skipped + rejected."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    fingerprint: str
    """BLAKE2b-128 of the file."""
    rows: int
    applied: int
    """Products moved to another department."""
    unchanged: int
    """Products that stood there already, or rows that say the same again."""
    skipped: int
    """Rows without a department: not decided yet."""
    rejected: int


class Leakage(BaseModel):
    """How much of the held-out products (valid and test) a model can know from train.

    The four counts of names are nested: each includes the one before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    held_out: int = 0
    """Products in valid and test."""
    exact: int = 0
    """Of these: a train product has the very same name."""
    spelling: int = 0
    """... the same words in the same order, whatever the case and what stands between them."""
    token_set: int = 0
    """... the same words, in any order."""
    near: int = 0
    """... nearly the same name: Jaccard similarity of character trigrams of at least 0.8."""
    near_examples: tuple[tuple[str, str], ...] = ()
    """Some of those that are in `near` and not in `token_set`: (held-out name, train name)."""
    test_purchases: int = 0
    """Kept order lines of test products, each product counted at least once."""
    test_purchases_known: int = 0
    """Of these: the product's name (its words in their order) is in train."""
    lookup_right: int = 0
    """Of these: the commonest department of that name in train is the right one."""
    conflicts: int = 0
    """Names (as `catalog.text` reads them) that stand under several departments."""
    conflicting_products: int = 0
    """Products that have such a name."""
    determining: tuple[str, ...] = ()
    """Columns whose every value has one department, such as `aisle`: never inputs of a model."""


class Statistics(BaseModel):
    """What the tables are like: counts for the report, and for comparison with later ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    orders: tuple[tuple[int, ...], ...] = ()
    """Orders by weekday and hour, [7][24]; empty for a catalog without orders."""
    baskets: tuple[int, ...] = ()
    """Kept lines at position 1, 2, ... of their basket: with baskets numbered from 1 without
    gaps, the baskets of at least so many products. At most 100; empty without orders."""
    nulls: dict[str, tuple[int, int]] = {}
    """table.column -> (nulls, rows), of the columns that may be null."""
    words: tuple[int, ...] = ()
    """Products whose name has 0, 1, 2, ... words; the last also stands for all longer ones."""
    tokens: tuple[int, ...] = ()
    """The same for tokens of a byte-pair vocabulary of these names; empty where none was made."""


class DatasetManifest(Manifest):
    """Row accounting, inputs, split counts and the label set."""

    departments: tuple[str, ...]
    """The labels, in the order of the model's outputs."""
    split_protocol: str
    splits: dict[str, int]
    """Products in train, valid, test, unlabelled."""
    splits_by_department: dict[str, dict[str, int]] = {}
    """Department -> split -> products, for every department of the catalog."""
    tables: dict[str, TableAccount]
    order_lines: dict[str, int]
    """merged = kept + dropped (null `days_since_prior_order`)."""
    reject_reasons: dict[str, int]
    inputs: dict[str, str]
    """File -> size and BLAKE2b-128 of its first and last MiB."""
    official: bool = False
    """The six tables are those Instacart published in 2017, by their SHA-256."""
    overrides: tuple[OverridesAccount, ...] = ()
    """Files of corrected labels, in the order they were applied in."""
    leakage: Leakage = Leakage()
    statistics: Statistics = Statistics()
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
    """Steps, last loss, scores on validation, and the seconds of the session that finished it."""
    versions: dict[str, str]
    """Libraries it was trained with."""


class ExportManifest(Manifest):
    """A whole model, made of a Run's base and adapter."""

    run: str
    """Fingerprint of the Run."""
    base: str
    dtype: str


class ScoredNames(BaseModel):
    """A file of scored names: those whose hash is in [first, end)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    first: int
    end: int


class Since(BaseModel):
    """What a tag output has to do with the one it was made since."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fingerprint: str
    """Of the earlier output."""
    reused: int
    """Names whose tags were taken over."""
    gone: int
    """Names that are in the earlier output alone."""
    changed_names: int
    """Names that are in both, and have another department now."""
    changed_rows: int
    """Rows that have such a name."""


class TagsManifest(Manifest):
    """One bulk tagging job: rows_in = rows_out + errors."""

    run: str
    """Fingerprint of the Run."""
    rows_in: int
    rows_out: int
    errors: int
    error_reasons: dict[str, int] = {}
    unique_names: int
    """Distinct model inputs of the whole job."""
    scored: int = 0
    """Of these, those the model was asked for; the others are of an earlier output."""
    review: int
    departments: dict[str, int]
    parts: tuple[str, ...]
    """Files under tags/, in the order of the input."""
    format: str = "parquet"
    """Of the parts."""
    tagging: str = ""
    """Fingerprint of all that a name's tag depends on: the Run, and the settings of tags."""
    labels: tuple[str, ...] = ()
    """The departments that `names` point to."""
    names: tuple[ScoredNames, ...] = ()
    since: Since | None = None

"""How names become tags."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from shelftag.config.section import Section

Text = Annotated[str, Field(pattern=r"\S")]


class CatalogConfig(Section):
    """One of several catalogs that are tagged together."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    """Of its folder below tags/."""

    path: Text
    """A file, or a folder of files, below `--input`."""

    name_column: Text = "product_name"
    """Column with the product's name."""

    description_column: Text | None = None
    """Column with its description."""

    departments: dict[Text, Text] = Field(default_factory=dict)
    """As `tagging.departments`, for this catalog."""

    @model_validator(mode="after")
    def _below_input(self) -> "CatalogConfig":
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts or "://" in self.path:
            raise ValueError(f"path = {self.path} must lie below --input")
        return self


class TaggingConfig(Section):
    """Read by `tag` and `serve`."""

    top_k: int = Field(default=3, ge=1)
    """Departments named for a product: the tag, and top_k - 1 alternatives."""

    threshold: float | None = Field(default=None, ge=0, le=1)
    """Confidence below which a tag is for review; none takes the Run's calibrated one."""

    batch_size: int = Field(default=256, ge=1)
    """Names in one forward pass."""

    rows_per_block: int = Field(default=2**18, ge=1)
    """Catalog rows a task reads and writes, at most; a row group of Parquet may hold more."""

    names_per_block: int = Field(default=2**16, ge=1)
    """Names an actor scores between two commits, about."""

    format: Literal["parquet", "csv", "ndjson"] = "parquet"
    """Of the tags."""

    departments: dict[Text, Text] = Field(default_factory=dict)
    """The Run's departments -> what the shop calls them, in the output; others stay."""

    catalogs: tuple[CatalogConfig, ...] = ()
    """Several catalogs below `--input`, tagged in one job, each into a folder of its own."""

    max_change: float | None = Field(default=None, ge=0, le=1)
    """Share of the rows that may change department since an earlier output for the new one to be
    published; none allows all."""

    cache_size: int = Field(default=100_000, ge=0)
    """Names whose tags a Tagger remembers."""

    new_departments: tuple[str, ...] = ()
    """Departments the Run was not trained on, added by name to those it chooses from (generate).
    Tags into them are always for review: nothing was calibrated for them."""

    @field_validator("new_departments")
    @classmethod
    def _named_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names) or not all(name.strip() for name in names):
            raise ValueError("new departments have names, each of its own")
        return names

    @field_validator("catalogs")
    @classmethod
    def _own_names(cls, catalogs: tuple[CatalogConfig, ...]) -> tuple[CatalogConfig, ...]:
        names = [one.name for one in catalogs]
        if len(set(names)) < len(names):
            raise ValueError(f"catalogs need names of their own, not {', '.join(names)}")
        return catalogs

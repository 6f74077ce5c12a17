"""How the six tables, or the catalogs of shops, become a Dataset."""

from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from shelftag.config.section import Section

Text = Annotated[str, Field(pattern=r"\S")]


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ShopColumns(Section):
    """What a shop calls the columns of its catalog."""

    id: Text
    """The shop's own id of a product, any text."""

    name: Text
    """The product's name."""

    department: Text
    """What is learned."""

    description: Text | None = None
    """More text on the product, a part of the model's input."""

    aisle: Text | None = None
    """A finer place than the department, never an input."""

    count: Text | None = None
    """How often it was bought, a whole number; empty is 0."""

    @model_validator(mode="after")
    def _each_once(self) -> "ShopColumns":
        names = [name for _, name in self if name]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the column {', '.join(twice)} is used twice")
        return self


class ShopConfig(Section):
    """One shop's catalog, and how it is read."""

    name: str = Field(pattern=r"^[^/\s]+$")
    """One word without a slash: a product's id becomes `name/id`."""

    path: Text
    """A file, or a folder of files, below `--tables`."""

    columns: ShopColumns

    departments: dict[Text, Text | None] = Field(default_factory=dict)
    """The shop's departments -> ours, null for "missing"; one that is not here stands as it is.
    Case and white space make no difference."""

    @model_validator(mode="after")
    def _below_tables(self) -> "ShopConfig":
        path = PurePosixPath(self.path)
        if path.is_absolute() or ".." in path.parts or "://" in self.path:
            raise ValueError(f"path = {self.path} must lie below --tables")
        return self


class DataConfig(Section):
    """Reading, joining, splitting."""

    source: Literal["instacart", "catalog"] = "instacart"
    """The six tables in Instacart's shape, or the catalogs of one or more shops, without orders."""

    catalogs: tuple[ShopConfig, ...] = ()
    """The shops, for the source `catalog`."""

    overrides: Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)] = ()
    """Files of corrected labels, with the columns `id` and `department`; a later one stands."""

    split: Literal["token_set", "product", "row"] = "token_set"
    """What never stands on both sides: names of the same token set, a product id, or (the
    study's, where every product leaks) an order line."""

    train_share: float = Field(default=0.8, gt=0, lt=1)
    """Share of what is split that is learned from."""

    valid_share: float = Field(default=0.1, gt=0, lt=1)
    """Share that is calibrated on; the rest is the test split."""

    max_rejects: float = Field(default=0.01, ge=0.0, le=1.0)
    """Share of the rows of all tables that may be bad before the job stops."""

    block_bytes: int = Field(default=64 * 2**20, ge=2**10)
    """Bytes of a CSV file read by one task."""

    @model_validator(mode="after")
    def _some_test(self) -> "DataConfig":
        # as decimals: summed as floats, shares that leave nothing may stay below 1
        if Decimal(str(self.train_share)) + Decimal(str(self.valid_share)) >= 1:
            shares = f"{self.train_share:g} + {self.valid_share:g}"
            raise ValueError(f"train_share + valid_share = {shares} must leave a share for test")
        return self

    @model_validator(mode="after")
    def _catalogs_fit_the_source(self) -> "DataConfig":
        shops = [shop.name for shop in self.catalogs]
        if self.source == "instacart" and shops:
            raise ValueError("catalogs are read with source = catalog only")
        if self.source == "catalog" and not shops:
            raise ValueError("source = catalog needs catalogs, one or more")
        if self.source == "catalog" and self.split == "row":
            raise ValueError("split = row splits order lines, and catalogs have none")
        if len(set(shops)) < len(shops):
            raise ValueError(f"catalogs need names of their own, not {', '.join(shops)}")
        return self

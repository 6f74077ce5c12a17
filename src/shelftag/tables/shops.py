"""The catalogs of shops, merged into one.

corner.csv ----read_bulk--> sku, title, category --map--.
market/*.parquet --read_bulk--> ref, name, group --map--+--> products, source, department
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.catalog.text import text
from shelftag.config.data import ShopConfig
from shelftag.errors import ConfigError
from shelftag.tables.bulk import read_bulk
from shelftag.tables.catalog import check_any
from shelftag.tables.files import find_below
from shelftag.tables.rejects import Reject
from shelftag.tables.schemas import Column, TableSchema
from shelftag.tables.sources import Source, check_files

MISSING = "missing"
MAX_COUNT = 10**12  # of one product; millions of them still add up in 64 bits

ROLES = {
    "id": "product_id",
    "name": "product_name",
    "description": "description",
    "department": "department",
    "aisle": "aisle",
    "count": "count",
}
"""A role in `ShopColumns` -> the column of `Shops.products`."""
NEEDED = ("id", "name")  # in every row


class Shops(NamedTuple):
    """The catalogs of all shops, read."""

    products: pa.Table
    """product_id (text, SHOP/ID), product_name, description where a shop has it, department,
    aisle, source (the shop); shops in their order, rows in that of the files."""
    counts: NDArray[np.int64]
    """How often each product was bought, [products]."""
    read: dict[str, int]
    """Shop -> rows in its files."""
    taken: dict[str, int]
    """Shop -> rows that are used."""
    rejects: list[Reject]
    unused: dict[str, list[str]]
    """Shop -> departments of its map that no row has."""


class Shop(NamedTuple):
    """One catalog, read."""

    products: pa.Table
    """As `Shops.products`, and count."""
    read: int
    rejects: list[Reject]
    unused: list[str]


def check_shops(tables: str | Path, shops: Sequence[ShopConfig]) -> dict[str, tuple[Source, ...]]:
    """Shop -> its files.

    Raises:
        ConfigError: a department map contradicts itself.
        InputError: a file is missing, without rows, not what its name says, or lacks a column.
    """
    for shop in shops:
        folded(shop)
    return {shop.name: check_files(find_below(tables, shop.path), schema(shop)) for shop in shops}


def schema(shop: ShopConfig) -> TableSchema:
    """The shop's catalog as a table: every column that is mapped, the id first."""
    named = [(role, getattr(shop.columns, role)) for role in ROLES]
    return TableSchema(shop.name, tuple(_column(role, name) for role, name in named if name))


def _column(role: str, name: str) -> Column:
    if role == "count":
        return Column(name, pa.int64(), high=MAX_COUNT, nullable=True)
    return Column(name, pa.string(), nullable=role not in NEEDED)


def read_shops(sources: Mapping[str, tuple[Source, ...]], shops: Sequence[ShopConfig]) -> Shops:
    """All catalogs as one.

    Raises:
        InputError: a shop has no row that can be taken.
        Failed: a file is cut off or damaged.
    """
    read = {shop.name: _read_shop(sources[shop.name], shop) for shop in shops}
    products = pa.concat_tables([one.products for one in read.values()], promote_options="default")
    counts = pc.fill_null(products["count"], 0).to_numpy()
    return Shops(
        products.drop_columns("count"),
        counts,
        read={name: one.read for name, one in read.items()},
        taken={name: one.products.num_rows for name, one in read.items()},
        rejects=[row for one in read.values() for row in one.rejects],
        unused={name: one.unused for name, one in read.items() if one.unused},
    )


def _read_shop(sources: tuple[Source, ...], shop: ShopConfig) -> Shop:
    found = read_bulk(sources)
    check_any(found.rows.num_rows, found.rejects, sources)
    named = {ROLES[role]: found.rows[name] for role, name in shop.columns if name}
    department, unused = relabelled(named["department"], folded(shop), shop)
    columns = {
        **named,
        "product_id": pc.binary_join_element_wise(shop.name, named["product_id"], "/"),
        "department": department,
        "source": pa.repeat(shop.name, found.rows.num_rows),
    }
    absent = {"aisle": pa.string(), "count": pa.int64()}.items()
    nulls = {name: pa.nulls(found.rows.num_rows, kind) for name, kind in absent}
    return Shop(pa.table({**nulls, **columns}), found.read, found.rejects, unused)


def folded(shop: ShopConfig) -> dict[str, str]:
    """The shop's map from department to department, all as `catalog.text` folds them.

    Raises:
        ConfigError: two of its names are one, and mean two departments.
    """
    found: dict[str, str] = {}
    for theirs, ours in shop.departments.items():
        target = text(ours or MISSING)
        if found.setdefault(text(theirs), target) != target:
            raise ConfigError(
                f"catalog {shop.name} maps {theirs!r} to {target!r} and to {found[text(theirs)]!r}",
                "leave one of them; case and white space make no difference",
            )
    return found


def relabelled(
    departments: pa.ChunkedArray, ours: Mapping[str, str], shop: ShopConfig
) -> tuple[pa.Array, list[str]]:
    """Departments by our names, missing for null; and which of the shop's map no row has."""
    encoded = departments.combine_chunks().dictionary_encode()
    names = [text(name) for name in encoded.dictionary.to_pylist()]
    labels = pa.array([ours.get(name, name) for name in names], pa.string())
    unused = [name for name in shop.departments if text(name) not in set(names)]
    return pc.fill_null(labels.take(encoded.indices), MISSING), unused

"""Catalogs of shops -> Dataset, without orders: `shelftag prepare` with data.source = catalog.

    corner.csv ------.
    market.parquet --+--read, map departments--> products --> split, audit --> products.parquet
    ...            --'          |                                              conflicts, manifest
                                '--> rejects/*

A plain process: five million products fit in memory, and a Ray would not have started yet when
a million are read.
"""

import sys
from pathlib import Path

import numpy as np

from shelftag.artifacts import Dataset, DatasetManifest
from shelftag.catalog.split import Shares
from shelftag.catalog.text import text
from shelftag.config import Config
from shelftag.tables.accounting import Tally
from shelftag.tables.overrides import (
    OVERRIDES,
    Overridden,
    apply_overrides,
    check_overrides,
    count_overrides,
)
from shelftag.tables.parts import write_rejects
from shelftag.tables.products import learned_departments, product_rows, splits
from shelftag.tables.publish import Findings, complete
from shelftag.tables.rejects import count_reasons
from shelftag.tables.shops import Shops, check_shops, read_shops
from shelftag.tables.statistics import name_statistics


def prepare_catalogs(
    tables: str | Path, dataset: Dataset, config: Config, *, overwrite: bool
) -> DatasetManifest:
    """Read, split, count, publish.

    Raises:
        Refused: a catalog or the folder cannot be used; nothing was written.
        TooManyRejects: more bad rows than `data.max_rejects`; their files are left to look at.
        Failed: a file is cut off or damaged; nothing was written.
    """
    overrides = check_overrides(config.data.overrides)
    sources = check_shops(tables, config.data.catalogs) | overrides
    dataset.check_free(overwrite=overwrite)
    shops = read_shops(sources, config.data.catalogs)
    _say_unused(shops)
    unlabelled = [text(name) for name in config.catalog.unlabelled]
    overridden = apply_overrides(shops.products, sources.get(OVERRIDES.name, ()), unlabelled)
    products = overridden.products
    departments = learned_departments(products, unlabelled)
    _begin(dataset, overwrite=overwrite)
    tally = _count(shops, overridden, dataset)
    tally.check_rejects(config.data.max_rejects)
    tally.check_balance((), written=0)
    shares = Shares(config.data.train_share, config.data.valid_share)
    split = splits(products, departments, config.data.split, shares)
    rows = product_rows(products, shops.counts, split)
    found = Findings(rows, departments, name_statistics(products), overridden.accounts)
    return complete(dataset, sources, found, tally, config)


def _say_unused(shops: Shops) -> None:
    """Said, not refused: an export may lack what the shop has at other times."""
    for shop, names in shops.unused.items():
        quoted = ", ".join(repr(name) for name in names)
        print(f"catalog {shop}: no row has the department {quoted} of its map", file=sys.stderr)


def _begin(dataset: Dataset, *, overwrite: bool) -> None:
    dataset.begin(overwrite=overwrite)
    for folder in (dataset.order_lines_dir, dataset.rejects_dir):
        folder.mkdir()


def _count(shops: Shops, overridden: Overridden, dataset: Dataset) -> Tally:
    """The accounts of each shop, and a file of the rejects."""
    tally = Tally(purchases=np.zeros((1, 0), np.int64))
    for shop, read in shops.read.items():
        reasons = count_reasons(row for row in shops.rejects if row.table == shop)
        tally.add_table(shop, read, shops.taken[shop], reasons)
    count_overrides(overridden, tally)
    rejects = [*shops.rejects, *overridden.rejects]
    tally.rejects_parts += write_rejects(rejects, dataset.rejects_dir)
    return tally

"""The last step: accounts checked, products.parquet, the report, and then the manifest."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

import shelftag
from shelftag.artifacts import (
    Dataset,
    DatasetManifest,
    OverridesAccount,
    Statistics,
    fingerprint,
    remove,
)
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import Shares
from shelftag.config import Config
from shelftag.tables.accounting import Tally
from shelftag.tables.conflicts import conflicts
from shelftag.tables.leakage import audit
from shelftag.tables.parts import count_rows, remove_others
from shelftag.tables.products import product_rows, splits, write_products
from shelftag.tables.report import write_report
from shelftag.tables.schemas import ORDER_TABLES
from shelftag.tables.small import SmallTables
from shelftag.tables.sources import Source, fingerprints
from shelftag.tables.split_counts import split_counts, splits_by_department
from shelftag.tables.statistics import (
    basket_statistics,
    name_statistics,
    order_statistics,
    together,
)


class Findings(NamedTuple):
    """What was found in the tables."""

    products: pa.Table
    """Rows of products.parquet."""
    departments: Departments
    """Those that are learned."""
    statistics: Statistics
    overrides: tuple[OverridesAccount, ...] = ()
    """Corrections that the products have taken."""
    official: bool = False
    """As `DatasetManifest.official`."""


def publish(
    dataset: Dataset,
    sources: dict[str, tuple[Source, ...]],
    small: SmallTables,
    tally: Tally,
    config: Config,
) -> DatasetManifest:
    """Complete a Dataset of the six tables, whose parts are written.

    Raises:
        TooManyRejects: more bad rows than `data.max_rejects`.
        AccountingError: rows were lost.
    """
    tally.check_rejects(config.data.max_rejects)
    remove_others(dataset.order_lines_dir, tally.parts)
    remove_others(dataset.rejects_dir, tally.rejects_parts)
    tally.check_balance(ORDER_TABLES, count_rows(dataset.order_lines_dir, tally.parts))
    statistics = together(
        [
            order_statistics(small.orders.dimension),
            basket_statistics(tally.baskets),
            name_statistics(small.catalog.products),
        ]
    )
    products = _products(small, tally, config)
    overrides = small.overridden.accounts
    found = Findings(products, small.departments, statistics, overrides, small.official)
    return complete(dataset, sources, found, tally, config)


def complete(
    dataset: Dataset,
    sources: dict[str, tuple[Source, ...]],
    found: Findings,
    tally: Tally,
    config: Config,
) -> DatasetManifest:
    """Write products.parquet, what says what they are like, and last the manifest."""
    products, departments = found.products, found.departments.names
    write_products(products, dataset.products_file)
    pq.write_table(conflicts(products), dataset.conflicts_file, compression="zstd")
    manifest = DatasetManifest(
        shelftag=shelftag.__version__,
        fingerprint=fingerprint(dataset.products_file, *departments, config.data.split),
        config=config.model_dump(mode="json"),
        departments=departments,
        split_protocol=config.data.split,
        splits=split_counts(products),
        splits_by_department=splits_by_department(products),
        tables={name: tally.tables[name] for name in sources},
        order_lines={
            "merged": tally.kept + tally.dropped,
            "kept": tally.kept,
            "dropped": tally.dropped,
        },
        reject_reasons=dict(sorted(tally.reasons.items())),
        inputs=fingerprints(sources),
        official=found.official,
        overrides=found.overrides,
        leakage=audit(products),
        statistics=found.statistics,
        parts=tuple(sorted(tally.parts)),
    )
    write_report(dataset, manifest, products)
    dataset.publish(manifest)
    remove(dataset.commits_dir)
    remove(dataset.job_file)
    return manifest


def _products(small: SmallTables, tally: Tally, config: Config) -> pa.Table:
    data, products = config.data, small.catalog.products
    shares = Shares(data.train_share, data.valid_share)
    split = splits(products, small.departments, data.split, shares)
    purchases = tally.purchases if data.split == "row" else tally.purchases[0]
    return product_rows(products, purchases, split)

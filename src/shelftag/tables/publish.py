"""The last step: accounts checked, products.parquet, the report, and then the manifest."""

import pyarrow.parquet as pq

import shelftag
from shelftag.artifacts import Dataset, DatasetManifest, fingerprint, remove
from shelftag.config import Config
from shelftag.tables.accounting import Tally
from shelftag.tables.conflicts import conflicts
from shelftag.tables.leakage import audit, with_purchases
from shelftag.tables.parts import count_rows, remove_others
from shelftag.tables.products import product_rows, write_products
from shelftag.tables.report import write_report
from shelftag.tables.schemas import PRIOR, TRAIN
from shelftag.tables.small import NameFacts, SmallTables
from shelftag.tables.sources import Source, fingerprints
from shelftag.tables.split_counts import split_counts, splits_by_department
from shelftag.tables.statistics import basket_statistics, together

ORDER_TABLES = (PRIOR.name, TRAIN.name)


def publish(
    dataset: Dataset,
    sources: dict[str, tuple[Source, ...]],
    small: SmallTables,
    names: NameFacts,
    tally: Tally,
    config: Config,
) -> DatasetManifest:
    """Complete a Dataset whose parts are written.

    Raises:
        TooManyRejects: more bad rows than `data.max_rejects`.
        AccountingError: rows were lost.
    """
    tally.check_rejects(config.data.max_rejects)
    remove_others(dataset.order_lines_dir, tally.parts)
    remove_others(dataset.rejects_dir, tally.rejects_parts)
    tally.check_balance(ORDER_TABLES, count_rows(dataset.order_lines_dir, tally.parts))
    by_row = config.data.split == "row"
    purchases = tally.purchases if by_row else tally.purchases[0]
    products = product_rows(small.catalog.products, purchases, small.split)
    write_products(products, dataset.products_file)
    pq.write_table(conflicts(products), dataset.conflicts_file, compression="zstd")
    departments = small.departments.names
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
        official=small.official,
        leakage=audit(products) if by_row else with_purchases(names.audit, products),
        statistics=together([small.statistics, names.statistics, basket_statistics(tally.baskets)]),
        parts=tuple(sorted(tally.parts)),
    )
    write_report(dataset, manifest, products)
    dataset.publish(manifest)
    remove(dataset.commits_dir)
    remove(dataset.job_file)
    return manifest

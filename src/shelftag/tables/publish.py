"""The last step: accounts checked, products.parquet, and then the manifest."""

import shelftag
from shelftag.artifacts import Dataset, DatasetManifest, fingerprint
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import Shares
from shelftag.config import Config
from shelftag.tables.accounting import Tally
from shelftag.tables.catalog import Catalog
from shelftag.tables.leakage import audit
from shelftag.tables.parts import count_rows, remove_others
from shelftag.tables.products import product_rows, splits, write_products
from shelftag.tables.schemas import PRIOR, TRAIN
from shelftag.tables.sources import Source
from shelftag.tables.split_counts import split_counts, splits_by_department

ORDER_TABLES = (PRIOR.name, TRAIN.name)


def publish(
    dataset: Dataset,
    sources: dict[str, Source],
    catalog: Catalog,
    departments: Departments,
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
    shares = Shares(config.data.train_share, config.data.valid_share)
    split = splits(catalog.products, departments, config.data.split, shares)
    products = product_rows(catalog.products, tally.purchases, split)
    write_products(products, dataset.products_file)
    manifest = DatasetManifest(
        shelftag=shelftag.__version__,
        fingerprint=fingerprint(dataset.products_file, *departments.names, config.data.split),
        config=config.model_dump(mode="json"),
        departments=departments.names,
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
        inputs={name: source.fingerprint() for name, source in sources.items()},
        leakage=audit(products),
        parts=tuple(sorted(tally.parts)),
    )
    dataset.publish(manifest)
    return manifest

"""The tables that fit in memory, read once: catalog, departments, orders.

Read while Ray starts; order lines look things up in them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Dataset
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.tables.accounting import Tally
from shelftag.tables.catalog import Catalog, read_catalog
from shelftag.tables.dimension import Dimension, Orders, read_orders
from shelftag.tables.lookup import Lookup
from shelftag.tables.official import is_official
from shelftag.tables.overrides import OVERRIDES, Overridden, apply_overrides, count_overrides
from shelftag.tables.parse import parse
from shelftag.tables.parts import write_rejects
from shelftag.tables.products import learned_departments
from shelftag.tables.ranges import table_chunks
from shelftag.tables.rejects import count_reasons
from shelftag.tables.schemas import PRIOR
from shelftag.tables.sides import count_sides
from shelftag.tables.sources import Source

SAMPLE_BYTES = 2**20  # of order lines: some 50,000 show which products are common


class SmallTables(NamedTuple):
    """All but the order lines."""

    catalog: Catalog
    products: Dimension
    """What an order line is given of its product."""
    departments: Departments
    """Those that are learned."""
    orders: Orders
    overridden: Overridden
    """Corrections that the catalog has taken."""
    official: bool
    """They are the tables that Instacart published in 2017."""


def read_small(sources: dict[str, tuple[Source, ...]], config: Config) -> SmallTables:
    """Read and check all but the order lines.

    Raises:
        InputError: no product is left, or too few departments, or no correction can be taken.
    """
    catalog = read_catalog(sources)
    unlabelled, files = config.catalog.unlabelled, sources.get(OVERRIDES.name, ())
    overridden = apply_overrides(catalog.products, files, unlabelled)
    catalog = catalog._replace(products=overridden.products)
    departments = learned_departments(catalog.products, unlabelled)
    products = catalog.dimension(_often(catalog, sources[PRIOR.name]))
    orders = read_orders(sources["orders"])
    official = is_official(sources)
    return SmallTables(catalog, products, departments, orders, overridden, official)


def _often(catalog: Catalog, lines: tuple[Source, ...]) -> NDArray[np.int64]:
    """How often each product is in the first order lines, [products]."""
    source, chunk = next(table_chunks(lines, SAMPLE_BYTES))
    ids = parse(chunk, source).rows["product_id"].to_numpy()
    row = Lookup.of(catalog.products["product_id"].to_numpy()).find(ids)
    return np.bincount(row[row >= 0], minlength=catalog.products.num_rows)


def count_small(small: SmallTables, dataset: Dataset, config: Config) -> Tally:
    """The accounts of these tables, and a file of their rejects."""
    catalog, orders = small.catalog, small.orders
    shape = (count_sides(config.data), catalog.products.num_rows)
    tally = Tally(purchases=np.zeros(shape, np.int64))
    rejects = [*catalog.rejects, *orders.rejects, *small.overridden.rejects]
    taken = {**catalog.taken, "orders": orders.dimension.columns.num_rows}
    for name, read in {**catalog.read, "orders": orders.read}.items():
        reasons = count_reasons(row for row in rejects if row.table == name)
        tally.add_table(name, read, taken[name], reasons)
    count_overrides(small.overridden, tally)
    tally.rejects_parts += write_rejects(rejects, dataset.rejects_dir)
    return tally

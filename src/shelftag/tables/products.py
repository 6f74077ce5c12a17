"""products.parquet: every product with its label, purchases and split."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.catalog.split import SHARES, Shares, Split, split_of, token_key
from shelftag.errors import InputError

SplitProtocol = Literal["token_set", "product", "row"]


def learned_departments(products: pa.Table, unlabelled: Collection[str]) -> Departments:
    """The departments that have a product, less those that say "not known".

    Raises:
        InputError: fewer than two are left.
    """
    departments = Departments.learned(products["department"].unique().to_pylist(), unlabelled)
    if len(departments) < 2:
        left = ", ".join(departments.names) or "none"
        raise InputError(
            f"departments to learn are two or more, and the catalog has {left} "
            f"beside catalog.unlabelled = {', '.join(unlabelled) or 'none'}",
            "prepare a catalog with more departments, or set catalog.unlabelled",
        )
    return departments


def splits(
    products: pa.Table,
    departments: Departments,
    protocol: SplitProtocol,
    shares: Shares = SHARES,
) -> list[Split]:
    """The split of each product of a catalog (`Catalog.products`), in its order.

    Under `row`, where lines are split, it is that of the product's id: for one without lines.
    """
    by_name = protocol == "token_set"
    column = products["product_name" if by_name else "product_id"].to_pylist()
    keys = map(token_key if by_name else str, column)
    names = products["department"].to_pylist()
    return [
        split_of(key, shares) if name in departments.index else "unlabelled"
        for key, name in zip(keys, names, strict=True)
    ]


def product_rows(products: pa.Table, purchases: NDArray[np.int64], split: list[Split]) -> pa.Table:
    """The table as it is stored.

    Columns: id, name, description?, department, aisle, source? (the shop), purchases, split.

    Args:
        products: `Catalog.products`.
        purchases: kept lines of each product, [products]: one row each. Or, for the `row`
            protocol, those in train, valid and test, [3, products]: a product has one row for
            each split in which it has lines, with that split's purchases, so that its name is
            learned and tested. That is the leak, and it is meant. A product without lines, or
            of an unlabelled department, has one row, with all its purchases.
        split: the split of each product, as `splits` gives it.
    """
    names = ["product_id", "product_name", "description", "department", "aisle", "source"]
    rows = products.select([name for name in names if name in products.column_names])
    rows = rows.rename_columns({"product_id": "id", "product_name": "name"})
    if purchases.ndim == 2:
        place, split, purchases = _by_split(purchases, split)
        rows = rows.take(pa.array(place))
    rows = rows.append_column("purchases", pa.array(purchases, pa.int64()))
    return rows.append_column("split", pa.array(split, pa.string()))


def _by_split(
    purchases: NDArray[np.int64], split: list[Split]
) -> tuple[NDArray[np.int64], list[Split], NDArray[np.int64]]:
    """Position in the catalog, split and purchases of each row, by product and split."""
    names: tuple[Split, ...] = get_args(Split)
    own = np.array([names.index(name) for name in split], np.int64)
    counts = np.vstack([purchases, purchases.sum(axis=0)]).T  # [products, splits]
    alone = (own == names.index("unlabelled")) | (counts[:, -1] == 0)
    stands = counts > 0
    stands[:, -1] = False
    stands[alone] = False
    stands[alone, own[alone]] = True
    place, at = np.nonzero(stands)
    return place, [names[number] for number in at], counts[place, at]


def write_products(rows: pa.Table, file: Path) -> None:
    """Write products.parquet: the same rows give the same bytes."""
    pq.write_table(rows.combine_chunks(), file, compression="zstd")

"""products.parquet: every product with its label, purchases and split."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.catalog.split import Split, split_of, token_set
from shelftag.catalog.text import text
from shelftag.errors import InputError

SplitProtocol = Literal["token_set", "product"]


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


def token_key(name: str) -> str:
    """The token set of a name; one without letters or digits is its own key."""
    return token_set(name) or text(name)


def splits(products: pa.Table, departments: Departments, protocol: SplitProtocol) -> list[Split]:
    """The split of each product of a catalog (`Catalog.products`), in its order."""
    by_id = protocol == "product"
    column = products["product_id" if by_id else "product_name"].to_pylist()
    keys = map(str if by_id else token_key, column)
    names = products["department"].to_pylist()
    return [
        split_of(key) if name in departments.index else "unlabelled"
        for key, name in zip(keys, names, strict=True)
    ]


def product_rows(products: pa.Table, purchases: NDArray[np.int64], split: list[Split]) -> pa.Table:
    """The table as it is stored: id, name, description?, department, aisle, purchases, split."""
    names = ["product_id", "product_name", "description", "department", "aisle"]
    rows = products.select([name for name in names if name in products.column_names])
    rows = rows.rename_columns({"product_id": "id", "product_name": "name"})
    rows = rows.append_column("purchases", pa.array(purchases, pa.int64()))
    return rows.append_column("split", pa.array(split, pa.string()))


def write_products(rows: pa.Table, file: Path) -> None:
    """Write products.parquet: the same rows give the same bytes."""
    pq.write_table(rows.combine_chunks(), file, compression="zstd")

"""On which side of the split an order line stands: known only under `row`, the study's split.

By token set or product the side is the product's, and stands in products.parquet.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.catalog.row_split import row_splits
from shelftag.catalog.split import Shares
from shelftag.config.data import DataConfig

SIDES = ("train", "valid", "test")


def count_sides(data: DataConfig) -> int:
    """How many sides purchases are counted on."""
    return len(SIDES) if data.split == "row" else 1


def with_sides(lines: pa.Table, data: DataConfig) -> tuple[pa.Table, NDArray[np.int8]]:
    """m lines, under `row` with a column `split`, and the side of each, [m]."""
    if data.split != "row":
        return lines, np.zeros(lines.num_rows, np.int8)
    shares = Shares(data.train_share, data.valid_share)
    side = row_splits(lines["order_id"].to_numpy(), lines["product_id"].to_numpy(), shares)
    column = pa.DictionaryArray.from_arrays(pa.array(side.astype(np.int32)), pa.array(SIDES))
    return lines.append_column("split", column), side


def count_purchases(
    product: NDArray[np.int32], side: NDArray[np.int8], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """Lines of each product on each side: `shape`, [sides, products].

    Args:
        product: row of each line's product, [m].
        side: of each line, [m].
    """
    sides, products = shape
    place = product if sides == 1 else product + side * np.int64(products)
    return np.bincount(place, minlength=sides * products).reshape(shape)

"""Order lines are given their order's and product's columns: one gather for each side."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.tables.dimension import Dimension
from shelftag.tables.rejects import Reason
from shelftag.tables.schemas import ORDER_LINE

ORDER_ROW, PRODUCT_ROW = "order_row", "product_row"


@dataclass(frozen=True)
class Joined:
    """m lines as kept, dropped and unmatched."""

    kept: pa.Table
    """As `schemas.ORDER_LINE`."""
    dropped: int
    """Lines of a user's first order: `days_since_prior_order` is null."""
    unmatched: dict[Reason, NDArray[np.int64]]
    """Positions of lines whose order, or else product, does not exist."""
    product: NDArray[np.int32]
    """Row in the catalog of each kept line."""


def join(lines: pa.Table, orders: Dimension, products: Dimension) -> Joined:
    """Lines (order_id, product_id, add_to_cart_order, reordered) with all that is known of them."""
    order = orders.lookup.find(lines["order_id"].to_numpy())
    product = products.lookup.find(lines["product_id"].to_numpy())
    matched = (order >= 0) & (product >= 0)
    lines = lines.append_column(ORDER_ROW, pa.array(order))
    lines = lines.append_column(PRODUCT_ROW, pa.array(product))
    known = lines if matched.all() else lines.filter(pa.array(matched))
    kept = _with_earlier_order(known, orders)
    return Joined(
        kept=_gather(kept, orders, products),
        dropped=known.num_rows - kept.num_rows,
        unmatched={
            Reason.ORDER: np.flatnonzero(order < 0),
            Reason.PRODUCT: np.flatnonzero((order >= 0) & (product < 0)),
        },
        product=kept[PRODUCT_ROW].to_numpy(),
    )


def _with_earlier_order(lines: pa.Table, orders: Dimension) -> pa.Table:
    days = orders.columns["days_since_prior_order"].take(lines[ORDER_ROW].combine_chunks())
    return lines.filter(pc.is_valid(days))


def _gather(lines: pa.Table, orders: Dimension, products: Dimension) -> pa.Table:
    order = orders.columns.take(lines[ORDER_ROW].combine_chunks())
    product = products.columns.take(lines[PRODUCT_ROW].combine_chunks())
    columns = []
    for field in ORDER_LINE:
        side = next(side for side in (lines, order, product) if field.name in side.schema.names)
        columns.append(_widened(side[field.name], field.type))
    return pa.table(columns, schema=ORDER_LINE)


def _widened(values: pa.Array | pa.ChunkedArray, wide: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if values.type == wide:
        return values
    if pa.types.is_dictionary(wide):
        return pa.DictionaryArray.from_arrays(
            values.indices.cast(wide.index_type), values.dictionary
        )
    return values.cast(wide)

"""Order lines as the files have them: ascending order ids, lines of an order together."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from shelftag.synthesis.arrays import Longs
from shelftag.synthesis.baskets import LINES_PER_PART, Baskets
from shelftag.synthesis.orders import Orders

LINE_COLUMNS = ("order_id", "product_id", "add_to_cart_order", "reordered")


def runs_by_id(orders: Orders, eval_set: int) -> Iterator[Longs]:
    """Positions in `orders` of one eval set by ascending id, in runs of about a million lines."""
    position = np.empty(len(orders), dtype=np.int64)
    position[orders.order_id - 1] = np.arange(len(orders))
    position = position[orders.eval_set[position] == eval_set]
    upto = np.cumsum(orders.size[position], dtype=np.int64)
    cuts = np.searchsorted(upto, np.arange(LINES_PER_PART, upto[-1], LINES_PER_PART))
    yield from np.split(position, cuts)


def lines_table(orders: Orders, baskets: Baskets, run: Longs, product_ids: Longs) -> pa.Table:
    """The lines of these orders, in Instacart's four columns."""
    size = orders.size[run]
    begins = np.cumsum(size, dtype=np.int64) - size
    cart = np.arange(int(size.sum())) - np.repeat(begins, size)
    line = np.repeat(baskets.start[run], size) + cart
    values = (
        np.repeat(orders.order_id[run], size),
        product_ids[baskets.product[line]],
        cart + 1,
        baskets.reordered[line].view(np.int8),
    )
    return pa.table(dict(zip(LINE_COLUMNS, values, strict=True)))

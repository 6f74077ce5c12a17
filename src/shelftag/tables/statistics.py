"""What the tables are like, in counts."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.artifacts import Statistics
from shelftag.catalog.byte_pairs import UNKNOWN, train_byte_pairs
from shelftag.catalog.text import text
from shelftag.tables.dimension import Dimension

LONGEST = 40
"""Longer names, in words or tokens, are counted with those of this length."""
VOCABULARY = 8_000
LONGEST_WORD = 100
"""Characters; the time that learning takes grows with the square of a word's length."""
LEARNED_FROM = 20_000
"""Names that the vocabulary is learned from; more of them hardly change a length."""


def name_statistics(products: pa.Table) -> Statistics:
    """Lengths of names, and missing descriptions.

    Args:
        products: `Catalog.products`.
    """
    names = products["product_name"].to_pylist()
    pieces = [[word[:LONGEST_WORD] for word in text(name).split()] for name in names]
    words = np.array([len(name) for name in pieces], np.int64)
    missing = {}
    if "description" in products.column_names:
        missing["products.description"] = (products["description"].null_count, products.num_rows)
    return Statistics(words=_histogram(words), tokens=_histogram(_tokens(pieces)), nulls=missing)


def order_statistics(orders: Dimension) -> Statistics:
    """Orders by weekday and hour, and users' first orders, which have no earlier one."""
    columns, days = orders.columns, "days_since_prior_order"
    hour = columns["order_dow"].to_numpy().astype(np.int64) * 24
    hour += columns["order_hour_of_day"].to_numpy()
    counts = np.bincount(hour, minlength=7 * 24).reshape(7, 24)
    return Statistics(
        orders=tuple(map(tuple, counts.tolist())),
        nulls={f"orders.{days}": (columns[days].null_count, columns.num_rows)},
    )


def basket_statistics(baskets: NDArray[np.int64]) -> Statistics:
    """Kept lines at each position of their basket, up to the last that has any."""
    last = np.flatnonzero(baskets)[-1:] + 1
    return Statistics(baskets=tuple(baskets[: last.sum()].tolist()))


def together(parts: Sequence[Statistics]) -> Statistics:
    """One record of several that have different fields."""
    nulls = {name: counts for part in parts for name, counts in part.nulls.items()}
    fields = {key: value for part in parts for key, value in part if value}
    return Statistics.model_validate({**fields, "nulls": nulls})


def _tokens(pieces: list[list[str]]) -> NDArray[np.int64]:
    """Byte pairs of each name, [names]; each distinct word is encoded once."""
    step = -(-len(pieces) // LEARNED_FROM)
    vocabulary = train_byte_pairs(map(" ".join, pieces[::step]), VOCABULARY, [UNKNOWN])
    distinct = sorted({word for name in pieces for word in name})
    found = vocabulary.encode_batch_fast(distinct, add_special_tokens=False)
    length = {word: len(one) for word, one in zip(distinct, found, strict=True)}
    return np.array([sum(length[word] for word in name) for name in pieces], np.int64)


def _histogram(lengths: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(np.bincount(np.minimum(lengths, LONGEST)).tolist())

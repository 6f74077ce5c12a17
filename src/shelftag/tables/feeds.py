"""The feed each row of a catalog came from."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.errors import InputError

MAX_FEEDS = 200
"""More are no feeds, but a column that says something else."""

ID_COLUMNS = ("product_id", "id")
"""Where products of several shops are named SHOP/ID."""


def feeds_of(table: pa.Table, source_column: str | None) -> NDArray[np.object_] | None:
    """The feed of each row; None without one.

    Raises:
        InputError: the column has too many values for feeds.
    """
    if source_column is None:
        return _shops(table)
    values = table[source_column].to_pylist()
    feeds = np.array(["(none)" if one is None else str(one) for one in values], object)
    kinds = len(set(feeds))
    if kinds > MAX_FEEDS:
        problem = f"column {source_column!r} has {kinds:,} values, and feeds are {MAX_FEEDS}"
        raise InputError(problem + " at most", "name a column that says where rows came from")
    return feeds


def _shops(table: pa.Table) -> NDArray[np.object_] | None:
    """The part of the ids before "/", where all have one and it names few shops."""
    column = next((name for name in ID_COLUMNS if name in table.column_names), None)
    if column is None:
        return None
    parts = [str(one).partition("/") for one in table[column].to_pylist()]
    shops = np.array([shop for shop, _, _ in parts], object)
    named = all(slash for _, slash, _ in parts)
    return shops if named and len(set(shops)) <= MAX_FEEDS else None

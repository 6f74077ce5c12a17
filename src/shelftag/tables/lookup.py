"""From ids to rows: a dense array where the ids allow it, else binary search."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DENSE_SPAN = 8  # slots a known id may cost: at 4 bytes each, never more than its columns do
DENSE_MIN = 2**16


def first_by_id(ids: NDArray[np.int64]) -> NDArray[np.integer[Any]]:
    """Rows of the first of each of n non-negative ids, in order of id: [unique ids].

    Ids that lie close together are put in their place; a sort would take ten times as long.
    """
    if not len(ids) or not is_dense(int(ids.min()), int(ids.max()), len(ids)):
        return np.unique(ids, return_index=True)[1]
    low = int(ids.min())
    rows = np.full(int(ids.max()) - low + 1, -1, np.int32)
    # Of several values for one place numpy keeps the last: backwards, that is the first row.
    rows[ids[::-1] - low] = np.arange(len(ids) - 1, -1, -1, dtype=np.int32)
    return rows[rows >= 0]


def is_dense(low: int, high: int, count: int) -> bool:
    """Whether an array over all ids from low to high costs little for `count` of them."""
    return high - low < max(DENSE_SPAN * count, DENSE_MIN)


@dataclass(frozen=True)
class Lookup:
    """Rows of n sorted, unique, non-negative ids: row i holds the i-th smallest."""

    low: int
    """The smallest id."""
    count: int
    """n"""
    ids: NDArray[np.int64]
    """Sorted, where they are too far apart for `rows`; else empty."""
    rows: NDArray[np.int32]
    """Row of id - low, -1 where there is none; empty where `ids` are needed, or no id is left
    out, so that id - low is the row."""

    @classmethod
    def of(cls, ids: NDArray[np.int64]) -> "Lookup":
        """A lookup over sorted unique ids, [n]."""
        none, no_ids = np.empty(0, np.int32), np.empty(0, np.int64)
        if not len(ids):
            return cls(0, 0, no_ids, none)
        low, high = int(ids[0]), int(ids[-1])
        if high - low + 1 == len(ids):
            return cls(low, len(ids), no_ids, none)
        if not is_dense(low, high, len(ids)):
            return cls(low, len(ids), ids, none)
        rows = np.full(high - low + 1, -1, np.int32)
        rows[ids - low] = np.arange(len(ids), dtype=np.int32)
        return cls(low, len(ids), no_ids, rows)

    def find(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Rows of non-negative ids, [m]; -1 for those that are not known."""
        if len(self.ids):
            return self._search(ids)
        offset = ids - self.low
        span = len(self.rows) or self.count
        outside = offset.view(np.uint64) >= span  # a negative offset is huge, unsigned
        if outside.any():
            offset[outside] = 0
        found = self.rows[offset] if len(self.rows) else offset.astype(np.int32)
        if outside.any():
            found[outside] = -1
        return found

    def _search(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        row = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[row] == ids, row, -1).astype(np.int32)

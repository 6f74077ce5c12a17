"""From ids to rows: a dense array where the ids allow it, else binary search."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DENSE_SPAN = 8  # slots a known id may cost: at 4 bytes each, never more than its columns do
DENSE_MIN = 2**16


@dataclass(frozen=True)
class Lookup:
    """Rows of n sorted, unique, non-negative ids: row i holds the i-th smallest."""

    ids: NDArray[np.int64]
    """Sorted; empty when `rows` is used."""
    low: int
    rows: NDArray[np.int32]
    """Row of id - low, -1 where there is none; empty when ids are too far apart."""

    @classmethod
    def of(cls, ids: NDArray[np.int64]) -> "Lookup":
        """A lookup over sorted unique ids, [n]."""
        none, no_ids = np.empty(0, np.int32), np.empty(0, np.int64)
        if not len(ids):
            return cls(no_ids, 0, none)
        low, span = int(ids[0]), int(ids[-1]) - int(ids[0]) + 1
        if span > max(DENSE_SPAN * len(ids), DENSE_MIN):
            return cls(ids, low, none)
        rows = np.full(span, -1, np.int32)
        rows[ids - low] = np.arange(len(ids), dtype=np.int32)
        return cls(no_ids, low, rows)

    def find(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Rows of non-negative ids, [m]; -1 for those that are not known."""
        if len(self.rows):
            return self._index(ids)
        if len(self.ids):
            return self._search(ids)
        return np.full(len(ids), -1, np.int32)

    def _index(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        offset = ids - self.low
        outside = offset.view(np.uint64) >= len(self.rows)  # a negative offset is huge, unsigned
        if not outside.any():
            return self.rows[offset]
        found = self.rows[np.where(outside, 0, offset)]
        found[outside] = -1
        return found

    def _search(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        row = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[row] == ids, row, -1).astype(np.int32)

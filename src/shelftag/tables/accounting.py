"""Rows in = rows out + dropped + rejected, for every table."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from shelftag.artifacts import TableAccount
from shelftag.errors import AccountingError, TooManyRejects

MAX_POSITION = 100  # of a basket; few have as many products
MIN_ROW_BYTES = 8  # "1,2,3,4" and its end: no good order line is shorter


class PieceCounts(BaseModel):
    """What became of the rows of one piece of the order lines, or of a part of it."""

    table: str
    bytes: int = 0
    read: int = 0
    kept: int = 0
    dropped: int = 0
    reasons: Counter[str] = Counter()
    """Reason -> rejected rows."""
    baskets: list[int] = [0] * MAX_POSITION
    """Kept lines at position 1, 2, ... of their basket, up to `MAX_POSITION`."""
    parts: list[str] = []
    """Files of the kept lines."""
    rejects_parts: list[str] = []
    """Files of the rejected rows."""

    def __add__(self, other: Self) -> "PieceCounts":
        """Both together."""
        return PieceCounts(
            table=self.table,
            bytes=self.bytes + other.bytes,
            read=self.read + other.read,
            kept=self.kept + other.kept,
            dropped=self.dropped + other.dropped,
            reasons=self.reasons + other.reasons,
            baskets=np.add(self.baskets, other.baskets).tolist(),
            parts=self.parts + other.parts,
            rejects_parts=self.rejects_parts + other.rejects_parts,
        )


@dataclass
class Tally:
    """Counts of all tables, as they come in."""

    purchases: NDArray[np.int64]
    """Kept lines of each product, [sides, products]: one side, or train, valid and test."""
    tables: dict[str, TableAccount] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    dropped: int = 0
    baskets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(MAX_POSITION, np.int64))
    """Kept lines at each position of their basket."""
    parts: list[str] = field(default_factory=list)
    rejects_parts: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Rows read so far."""
        return sum(account.read for account in self.tables.values())

    @property
    def rejected(self) -> int:
        """Rows rejected so far."""
        return sum(account.rejected for account in self.tables.values())

    def add_table(self, name: str, read: int, merged: int, reasons: Mapping[str, int]) -> None:
        """Add rows of a table: `merged` were taken, the rest rejected for `reasons`."""
        before = self.tables.get(name, TableAccount(read=0, merged=0, rejected=0))
        self.tables[name] = TableAccount(
            read=before.read + read,
            merged=before.merged + merged,
            rejected=before.rejected + sum(reasons.values()),
        )
        self.reasons.update(reasons)

    def add_piece(self, counts: PieceCounts, purchases: NDArray[np.int64]) -> None:
        """Add what a task did with its piece of the order lines."""
        self.add_table(counts.table, counts.read, counts.kept + counts.dropped, counts.reasons)
        self.purchases += purchases
        self.kept += counts.kept
        self.dropped += counts.dropped
        self.baskets += counts.baskets
        self.parts += counts.parts
        self.rejects_parts += counts.rejects_parts

    def check_rejects(self, max_share: float, bytes_left: int = 0) -> None:
        """Stop when so many rows are bad that the rows to come cannot make up for it.

        Raises:
            TooManyRejects: with the reasons counted.
        """
        rows = self.read + bytes_left // MIN_ROW_BYTES
        if self.rejected <= max_share * rows:
            return
        reasons = ", ".join(f"{count:,} x {name}" for name, count in self.reasons.most_common())
        raise TooManyRejects(
            f"{self.rejected:,} of {self.read:,} rows read are bad, more than "
            f"data.max_rejects = {max_share:g} allows ({reasons})",
            "see the rejects folder, and mend the tables or raise data.max_rejects",
        )

    def check_balance(self, order_tables: Iterable[str], written: int) -> None:
        """Every row is accounted for, and as many are in the files as were kept.

        Raises:
            AccountingError: naming the sums that differ.
        """
        for name, account in self.tables.items():
            _check_equal(f"{name}: rows read", account.read, account.merged + account.rejected)
        merged = sum(self.tables[name].merged for name in order_tables)
        _check_equal("order lines merged", merged, self.kept + self.dropped)
        _check_equal("order lines kept", self.kept, written)
        _check_equal("purchases", int(self.purchases.sum()), written)


def _check_equal(what: str, one: int, other: int) -> None:
    if one != other:
        raise AccountingError(f"{what}: {one:,} is not {other:,}", "report this: rows were lost")

"""What is in the orders: products by popularity, and users who come back to their own.

    user's favourites --loyal share--.
                                      +--> lines of an order, no product twice --> reordered?
    popularity of all ---------------'

Work is cut at users, because `reordered` looks back over a user's orders. A part has its own
random stream, so the result does not depend on how many threads fill the parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shelftag.synthesis.arrays import Bools, Ints, Longs
from shelftag.synthesis.orders import Orders

LOYAL = 0.9
"""Share of lines that come from the user's favourites."""
FAVOURITES = 40
LINES_PER_PART = 1_000_000


@dataclass(frozen=True)
class Popularity:
    """A power law over product positions with an empty tail: some products nobody buys."""

    by_rank: Ints
    """Product positions, the most bought first."""

    @classmethod
    def drawn(cls, products: int, rng: np.random.Generator) -> "Popularity":
        """Ranks at random."""
        return cls(rng.permutation(products).astype(np.int32))

    @cached_property
    def _upto(self) -> npt.NDArray[np.float64]:
        rank = np.arange(len(self.by_rank))
        # 20 keeps the first products near 1% of all lines, the power 1.5 thins out the tail.
        weight = (1 - rank / len(rank)) ** 1.5 / (rank + 20)
        return np.cumsum(weight / weight.sum())

    def draw(self, shape: int | tuple[int, int], rng: np.random.Generator) -> Ints:
        """Product positions, the popular ones more often."""
        rank = np.searchsorted(self._upto, rng.random(shape), side="right")
        return self.by_rank[np.minimum(rank, len(self.by_rank) - 1)]


@dataclass(frozen=True)
class Baskets:
    """All lines in the order of `Orders`; those of order i start at `start[i]`."""

    start: Longs
    product: Ints
    """Positions in the catalog."""
    reordered: Bools

    @classmethod
    def empty(cls, orders: Orders) -> "Baskets":
        """Room for the lines of all orders, to be filled part by part."""
        upto = np.cumsum(orders.size, dtype=np.int64)
        lines = int(upto[-1])
        return cls(upto - orders.size, np.empty(lines, np.int32), np.empty(lines, bool))


def parts_of(orders: Orders) -> Iterator[slice]:
    """Runs of whole users, of about a million lines each."""
    upto = np.cumsum(orders.size, dtype=np.int64)
    user_starts = np.flatnonzero(np.diff(orders.user_id, prepend=0))
    wanted = np.arange(0, upto[-1], LINES_PER_PART)
    starts = np.unique(user_starts[np.searchsorted(upto[user_starts], wanted)])
    for start, stop in zip(starts, [*starts[1:], len(orders)], strict=True):
        yield slice(int(start), int(stop))


def fill(
    baskets: Baskets, orders: Orders, part: slice, popular: Popularity, rng: np.random.Generator
) -> int:
    """Fill the lines of some whole users' orders; how many those are."""
    size, user = orders.size[part], orders.user_id[part]
    order_of_line = np.repeat(np.arange(len(size)), size)
    user_of_line = np.repeat(user - user[0], size)
    product = _wished(user_of_line, int(user[-1] - user[0]) + 1, popular, rng)
    _end_repeats(product, order_of_line, popular, rng)
    start = int(baskets.start[part.start])
    lines = slice(start, start + len(product))
    baskets.product[lines] = product
    # No order has a product twice, so a product the user had before came in an earlier order.
    baskets.reordered[lines] = seen_before(user_of_line, product)
    return len(product)


def _wished(user: Ints, users: int, popular: Popularity, rng: np.random.Generator) -> Ints:
    """A favourite, the first of them most, or now and then anything."""
    favourites = popular.draw((users, FAVOURITES), rng)
    which = (FAVOURITES * rng.random(len(user)) ** 2).astype(np.int32)
    product = favourites[user, which]
    elsewhere = np.flatnonzero(rng.random(len(user)) >= LOYAL)
    product[elsewhere] = popular.draw(len(elsewhere), rng)
    return product


def _end_repeats(
    product: Ints, order: Longs, popular: Popularity, rng: np.random.Generator
) -> None:
    """Draw again, in place, until no order has a product twice."""
    lines, rounds = np.arange(len(product)), 0
    while (again := lines[seen_before(order[lines], product[lines])]).size:
        rounds += 1
        # Large baskets may hold all that is popular: in the end any product will do.
        popularly = rounds < 10
        product[again] = (
            popular.draw(len(again), rng)
            if popularly
            else rng.integers(len(popular.by_rank), size=len(again), dtype=np.int32)
        )
        still_open = np.zeros(int(order[-1]) + 1, dtype=bool)
        still_open[order[again]] = True
        lines = lines[still_open[order[lines]]]


def seen_before(group: npt.NDArray[np.integer], value: Ints) -> Bools:
    """True where an earlier line of the same group has the same value. All are 0 or more."""
    n = len(value)
    pairs = group.astype(np.int64) * (int(value.max(initial=0)) + 1) + value
    # One sort of (pair, line) packed into 63 bits is several times faster than an argsort.
    packed = np.sort(pairs * n + np.arange(n))
    pair, line = np.divmod(packed, max(n, 1))
    seen = np.zeros(n, dtype=bool)
    seen[line[1:]] = pair[1:] == pair[:-1]
    return seen

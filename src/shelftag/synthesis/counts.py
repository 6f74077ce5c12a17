"""How many of everything: the official counts, in proportion to the order lines asked for."""

from dataclasses import dataclass

import numpy as np

from shelftag.config.synthesis import FULL_LINES
from shelftag.synthesis.arrays import Ints

_USERS, _ORDERS, _TEST_USERS = 206_209, 3_421_083, 75_000
_PRIOR_LINES, _FIRST_LINES = 32_434_489, 2_078_068

ORDERS_OF_A_USER = (4, 100)
"""At least and at most; the last of them is the one in train or test."""


@dataclass(frozen=True)
class Counts:
    """Rows to make; lines = prior_lines + train_lines."""

    lines: int
    prior_lines: int
    first_lines: int
    """Prior lines of users' first orders, whose `days_since_prior_order` is empty."""
    orders: int
    users: int
    test_users: int
    """Their last order is in test, without lines; everyone else's is in train."""

    @property
    def train_lines(self) -> int:
        return self.lines - self.prior_lines


def scaled(lines: int) -> Counts:
    """The official counts times lines / 33,819,106, each rounded."""

    def share(official: int) -> int:
        return round(official * lines / FULL_LINES)

    return Counts(
        lines=lines,
        prior_lines=share(_PRIOR_LINES),
        first_lines=share(_FIRST_LINES),
        orders=share(_ORDERS),
        users=share(_USERS),
        test_users=share(_TEST_USERS),
    )


def exact_counts(
    count: int, total: int, bounds: tuple[int, int], shape: float, rng: np.random.Generator
) -> Ints:
    """`count` skewed whole numbers within `bounds` whose sum is exactly `total`.

    Args:
        count: how many.
        total: their sum.
        bounds: least and greatest value, both allowed.
        shape: of the gamma distribution above the least value; smaller is more skewed.
        rng: where the draws come from.

    Raises:
        ValueError: no such numbers exist.
    """
    low, high = bounds
    if not low * count <= total <= high * count:
        raise ValueError(f"{count} numbers in {low}..{high} cannot have the sum {total}")
    mean_above = (total / count - low) if count else 0.0
    drawn = low + rng.gamma(shape, (mean_above + 1e-9) / shape, size=count)
    values = np.minimum(np.round(drawn), high).astype(np.int32)
    while missing := total - int(values.sum()):
        room = np.flatnonzero(values < high if missing > 0 else values > low)
        chosen = rng.permutation(room)[: abs(missing)]
        values[chosen] += 1 if missing > 0 else -1
    return values

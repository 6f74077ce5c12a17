"""Users and their orders: who, when, and how many lines, but not yet of what."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shelftag.synthesis.arrays import Bools, Bytes, Ints
from shelftag.synthesis.counts import ORDERS_OF_A_USER, Counts, exact_counts

EVAL_SETS = ("prior", "train", "test")
PRIOR, TRAIN, TEST = range(3)
LARGEST_BASKET = 145
ORDER_COLUMNS = (
    *("order_id", "user_id", "eval_set", "order_number", "order_dow"),
    *("order_hour_of_day", "days_since_prior_order"),
)

# Weights of hours 0 to 23, of days of the week 0 to 6 and of gaps of 0 to 30 days: people shop
# by day and at week-ends, come back after a week, and 30 stands for a month or more.
_HOURS = (7, 4, 2, 2, 2, 3, 9, 27, 52, 75, 84, 83, 80, 81, 83, 83, 80, 67, 53, 41, 31, 23, 18, 12)
_DAYS = (18, 17, 14, 13, 13, 13, 13)
_GAPS = (2, 4, 6, 7, 7, 7, 8, 10, 6, 4, 3, 3, 3, 3, 3, 2, 2, 1.5, 1, 1, 1, 1.5, 1, *[0.8] * 7, 11)


@dataclass(frozen=True)
class Orders:
    """All orders by user and number, one array entry an order."""

    order_id: Ints
    """A permutation of 1..n, so ids say nothing of user or time."""
    user_id: Ints
    number: Ints
    eval_set: Bytes
    """Position in EVAL_SETS."""
    day: Bytes
    hour: Bytes
    gap: Bytes
    """Days since the order before; -1 for a user's first."""
    size: Ints
    """Lines; 0 in test."""

    def __len__(self) -> int:
        return len(self.order_id)


def largest_basket(products: int) -> int:
    """Most lines an order may have: with few products, half of them."""
    return min(LARGEST_BASKET, products // 2)


def draw_orders(counts: Counts, products: int, rng: np.random.Generator) -> Orders:
    """Draw orders with exactly these counts; baskets fit into a catalog of `products`."""
    per_user = exact_counts(counts.users, counts.orders, ORDERS_OF_A_USER, 0.7, rng)
    last = np.cumsum(per_user) - 1
    first = last - per_user + 1
    n = counts.orders
    eval_set = np.zeros(n, dtype=np.int8)
    eval_set[last] = TRAIN
    eval_set[rng.permutation(last)[: counts.test_users]] = TEST
    gap = _weighted(_GAPS, n, rng)
    gap[first] = -1
    return Orders(
        order_id=rng.permutation(np.arange(1, n + 1, dtype=np.int32)),
        user_id=np.repeat(np.arange(1, counts.users + 1, dtype=np.int32), per_user),
        number=(np.arange(n) - np.repeat(first, per_user) + 1).astype(np.int32),
        eval_set=eval_set,
        day=_weighted(_DAYS, n, rng),
        hour=_weighted(_HOURS, n, rng),
        gap=gap,
        size=_sizes(counts, eval_set, gap < 0, largest_basket(products), rng),
    )


def orders_table(orders: Orders, start: int, stop: int) -> pa.Table:
    """Rows start to stop of orders.csv, text where the file has a format of its own."""
    rows = slice(start, stop)
    values = (
        orders.order_id[rows],
        orders.user_id[rows],
        _texts(EVAL_SETS, orders.eval_set[rows]),
        orders.number[rows],
        orders.day[rows],
        _texts([f"{hour:02}" for hour in range(24)], orders.hour[rows]),
        _texts([f"{days}.0" for days in range(31)], orders.gap[rows]),
    )
    return pa.table(dict(zip(ORDER_COLUMNS, values, strict=True)))


def _sizes(
    counts: Counts,
    eval_set: Bytes,
    is_first: Bools,
    largest: int,
    rng: np.random.Generator,
) -> Ints:
    """Lines of each order; first, later prior and train orders each have their exact sum."""
    size = np.zeros(len(eval_set), dtype=np.int32)
    groups = (
        (is_first, counts.first_lines),
        ((eval_set == PRIOR) & ~is_first, counts.prior_lines - counts.first_lines),
        (eval_set == TRAIN, counts.train_lines),
    )
    for members, lines in groups:
        size[members] = exact_counts(int(members.sum()), lines, (1, largest), 1.5, rng)
    return size


def _weighted(weights: tuple[float, ...], n: int, rng: np.random.Generator) -> Bytes:
    shares = np.array(weights) / sum(weights)
    return rng.choice(len(shares), size=n, p=shares).astype(np.int8)


def _texts(words: tuple[str, ...] | list[str], positions: Bytes) -> pa.Array:
    return pa.array(words).take(pa.array(positions, mask=positions < 0))

"""The study's split: order lines at random, so that a product stands on every side."""

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.split import Shares, thresholds

GAMMA = np.uint64(0x9E3779B97F4A7C15)
LINES_PER_STEP = 2**14  # what a step works on stays in the cache


def row_splits(
    order_ids: NDArray[np.int64], product_ids: NDArray[np.int64], shares: Shares
) -> NDArray[np.int8]:
    """The split of each of m order lines: 0 train, 1 valid, 2 test, [m].

    A line's point is the order_id-th number of SplitMix64 seeded with its product_id.
    """
    splits = np.empty(len(order_ids), np.int8)
    train_below, valid_below = (np.uint64(bound) for bound in thresholds(shares))
    for start in range(0, len(order_ids), LINES_PER_STEP):
        step = slice(start, start + LINES_PER_STEP)
        point = order_ids[step].astype(np.uint64) * GAMMA
        point += product_ids[step].astype(np.uint64)
        point = splitmix64(point)
        np.add(point >= train_below, point >= valid_below, out=splits[step], dtype=np.int8)
    return splits


def splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64, a bijection; works in place, and returns its argument.

    Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014);
    https://prng.di.unimi.it/splitmix64.c
    """
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state

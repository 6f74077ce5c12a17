"""The study's split of order lines: fixed for ever, and in its shares."""

import numpy as np
import pytest

from shelftag.catalog.row_split import row_splits, splitmix64
from shelftag.catalog.split import Shares

SHARES = Shares(0.8, 0.1)


def test_golden_numbers() -> None:
    """The first numbers that the reference implementation gives for the seed 1234567."""
    gamma, seed = np.uint64(0x9E3779B97F4A7C15), np.uint64(1234567)
    states = np.arange(1, 4, dtype=np.uint64) * gamma + seed
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert splitmix64(states).tolist() == expected


def test_golden_splits() -> None:
    orders, products = np.arange(1, 25), np.arange(24)[::-1]
    found = row_splits(orders, products, SHARES)
    assert found.dtype == np.int8
    assert "".join(map(str, found)) == "220002000000210010001000"


@pytest.mark.parametrize("shares", [SHARES, Shares(0.5, 0.2)])
def test_shares_of_all_lines_and_of_a_product(shares: Shares) -> None:
    orders, products = np.divmod(np.arange(200_000), 10)
    found = row_splits(orders, products, shares)
    expected = [*shares, 1 - sum(shares)]
    for lines in (found, found[products == 3], found[orders % 2 == 1]):
        share = np.bincount(lines, minlength=3) / len(lines)
        np.testing.assert_allclose(share, expected, atol=0.01)


def test_a_line_keeps_its_split_wherever_it_stands() -> None:
    random = np.random.default_rng(0)
    orders, products = random.integers(0, 2**40, (2, 40_000))
    found = row_splits(orders, products, SHARES)
    order = random.permutation(len(orders))
    np.testing.assert_array_equal(row_splits(orders[order], products[order], SHARES), found[order])
    assert not len(row_splits(orders[:0], products[:0], SHARES))

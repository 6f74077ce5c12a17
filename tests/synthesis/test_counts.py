"""Counts are exact, at full size and at any other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.config.synthesis import FULL_LINES
from shelftag.synthesis.counts import Counts, exact_counts, scaled


def test_full_size_has_the_official_counts() -> None:
    counts = scaled(FULL_LINES)
    assert counts == Counts(
        lines=33_819_106,
        prior_lines=32_434_489,
        first_lines=2_078_068,
        orders=3_421_083,
        users=206_209,
        test_users=75_000,
    )
    assert counts.train_lines == 1_384_617


@given(lines=st.integers(1_000, 10**9))
def test_other_sizes_keep_the_proportions(lines: int) -> None:
    counts = scaled(lines)
    assert counts.prior_lines + counts.train_lines == lines
    assert counts.first_lines == round(lines * 2_078_068 / FULL_LINES)
    assert 0 < counts.test_users < counts.users
    assert 4 * counts.users <= counts.orders <= 100 * counts.users


@settings(deadline=None)
@given(
    count=st.integers(1, 400),
    low=st.integers(0, 5),
    width=st.integers(0, 60),
    fullness=st.floats(0, 1),
    shape=st.floats(0.3, 5),
    seed=st.integers(0, 9),
)
def test_exact_counts_have_their_sum_and_bounds(
    count: int, low: int, width: int, fullness: float, shape: float, seed: int
) -> None:
    total = count * low + round(fullness * count * width)
    values = exact_counts(count, total, (low, low + width), shape, np.random.default_rng(seed))
    assert len(values) == count
    assert int(values.sum()) == total
    assert low <= values.min() <= values.max() <= low + width


@pytest.mark.parametrize("total", [9, 51])
def test_a_sum_out_of_reach_is_an_error(total: int) -> None:
    with pytest.raises(ValueError, match="cannot have the sum"):
        exact_counts(10, total, (1, 5), 1.5, np.random.default_rng(0))

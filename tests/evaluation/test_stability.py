"""The population stability index, and what chance alone makes of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.evaluation.stability import chance_psi, psi, stability

bins = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=8)


def test_by_hand() -> None:
    """Shares 1/2, 1/2 against 3/4, 1/4, on products so many that the smoothing is lost."""
    found = psi(np.array([50_000, 50_000]), np.array([75_000, 25_000]))
    assert found == pytest.approx(0.25 * np.log(1.5) - 0.25 * np.log(0.5), abs=1e-3)


@given(bins)
def test_never_below_zero_and_the_same_both_ways(counts: list[tuple[int, int]]) -> None:
    first, second = (np.array([*each, 1]) for each in zip(*counts, strict=True))
    found = psi(first, second)
    assert found >= -1e-12
    assert found == pytest.approx(psi(second, first))
    assert psi(first, first) == pytest.approx(0)


def test_an_empty_bin_is_finite_and_one_empty_in_both_says_nothing() -> None:
    found = psi(np.array([50, 50]), np.array([100, 0]))
    assert 1 < found < 10
    assert psi(np.array([50, 50, 0]), np.array([100, 0, 0])) == found


def test_chance_is_what_theory_says() -> None:
    """(1/n + 1/m) times the 95th percentile of chi squared with bins - 1 degrees of freedom."""
    from scipy.stats import chi2

    first, second = np.full(10, 400), np.full(10, 60)
    expected = (1 / 4_000 + 1 / 600) * chi2.ppf(0.95, 9)
    assert chance_psi(first, second, seed=0) == pytest.approx(expected, rel=0.1)


def test_few_products_cannot_tell_and_many_can() -> None:
    def verdict(times: int) -> str:
        now = times * np.array([6, 3, 1])
        return stability("x", "abc", np.array([300, 300, 300]), now, 0.25, seed=0).verdict

    assert (verdict(1), verdict(100)) == ("cannot tell", "drifts")
    assert stability("x", "ab", np.array([5, 5]), np.array([6, 5]), 0.25, 0).verdict == "holds"


def test_unchanged_feeds_seldom_drift() -> None:
    """Even where no index at all is allowed, 95 of 100 small feeds hold."""
    chance = np.random.default_rng(2)
    shares = np.arange(1, 16) / 120
    drawn = (
        (chance.multinomial(2_000, shares), chance.multinomial(80, shares)) for _ in range(200)
    )
    found = [stability("x", "abcdefghijklmno", *pair, 0.0, seed=0) for pair in drawn]
    assert np.mean([one.verdict == "drifts" for one in found]) <= 0.09

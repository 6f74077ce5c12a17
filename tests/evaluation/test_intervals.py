"""Intervals hold what they say, and are there where a score is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import bootstrap

from shelftag.evaluation.intervals import interval, score_intervals, share_interval
from shelftag.evaluation.scores import confusion_matrix

rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 9)), min_size=1, max_size=50
)


def _made(seed: int, n: int, right: float) -> tuple[NDArray[np.int64], ...]:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 5, n)
    chosen = np.where(chance.random(n) < right, labels, chance.integers(0, 5, n))
    return labels, chosen, chance.integers(0, 30, n)


def test_agrees_with_scipys_bootstrap() -> None:
    labels, chosen, purchases = _made(0, 800, 0.7)
    correct = labels == chosen
    ours = score_intervals(confusion_matrix(chosen, labels, 5), correct, purchases)
    theirs = bootstrap((correct.astype(float),), np.mean, method="percentile").confidence_interval
    assert ours.accuracy.low == pytest.approx(theirs.low, abs=0.008)
    assert ours.accuracy.high == pytest.approx(theirs.high, abs=0.008)

    def by_purchase(right: NDArray[np.float64], bought: NDArray[np.float64]) -> float:
        return float((bought * right).sum() / bought.sum())

    paired = bootstrap(
        (correct.astype(float), purchases.astype(float)),
        by_purchase,
        paired=True,
        vectorized=False,
        n_resamples=1_000,
        method="percentile",
    ).confidence_interval
    assert ours.purchase_accuracy is not None
    assert ours.purchase_accuracy.low == pytest.approx(paired.low, abs=0.012)
    assert ours.purchase_accuracy.high == pytest.approx(paired.high, abs=0.012)


def test_the_true_accuracy_is_mostly_inside() -> None:
    held = 0
    for seed in range(200):
        labels, chosen, purchases = _made(seed, 300, 0.75)  # right by chance too: 0.8
        confusion = confusion_matrix(chosen, labels, 5)
        found = score_intervals(confusion, labels == chosen, purchases).accuracy
        held += found.low <= 0.8 <= found.high
    assert 180 <= held <= 199  # 190 expected


@given(rows)
def test_the_score_is_inside_and_none_only_without_rows(found: list[tuple[int, int, int]]) -> None:
    labels, chosen, purchases = np.array(found, np.int64).T
    correct = labels == chosen
    intervals = score_intervals(confusion_matrix(chosen, labels, 3), correct, purchases)
    assert intervals.accuracy.low <= correct.mean() <= intervals.accuracy.high
    assert (intervals.purchase_accuracy is None) == (purchases.sum() == 0)
    for place in range(3):
        assert (intervals.recall[place] is None) == (not (labels == place).any())
        assert (intervals.precision[place] is None) == (not (chosen == place).any())


def test_two_mistakes_are_no_certainty() -> None:
    assert share_interval(np.array([False, False])).high > 0.8


def test_nothing_known_has_no_interval() -> None:
    assert interval(np.array([np.nan, np.nan])) is None

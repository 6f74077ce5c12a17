"""The test of a fall: exact, and not fooled by few products or many departments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from shelftag.evaluation.regression import SIGNIFICANCE, Counts, change, count, fall_p_value, judge

ALLOWED = 0.05

cells = st.tuples(st.integers(0, 12), st.integers(0, 12))


def test_counts_are_of_the_department() -> None:
    champion, candidate, filed = (
        np.array([bool(int(bit)) for bit in bits]) for bits in ("1110001", "1011000", "1001111")
    )
    counts = count(champion, candidate, filed)
    assert counts == Counts(5, both=(1, 1), champion_only=(1, 1), candidate_only=(1, 0))


@given(cells, cells, cells, st.integers(0, 5))
def test_recall_is_mcnemars_test(
    both: tuple[int, int], first: tuple[int, int], second: tuple[int, int], missed: int
) -> None:
    counts = Counts(both[0] + first[0] + second[0] + missed, both, first, second)
    found = change(counts, "recall", ALLOWED)
    if found.p_value is None:
        return
    lost, won = first[0], second[0]
    expected = binomtest(lost, lost + won, 0.5, alternative="greater").pvalue
    assert found.p_value == pytest.approx(expected)
    assert found.rise == pytest.approx((won - lost) / counts.support)


@given(cells, cells, cells)
def test_precision_is_what_swapping_the_models_does(
    both: tuple[int, int], first: tuple[int, int], second: tuple[int, int]
) -> None:
    found = fall_p_value(Counts(50, both, first, second), "precision", ALLOWED)
    if found is None:
        return
    chance = np.random.default_rng(0)
    right, wrong = first[0] + second[0], first[1] + second[1]
    mine, other = chance.binomial(right, 0.5, 20_000), chance.binomial(wrong, 0.5, 20_000)

    def precision(more: NDArray[np.int64], less: NDArray[np.int64]) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            return np.asarray((both[0] + more) / (sum(both) + more + less), np.float64)

    swapped = precision(mine, other) - precision(right - mine, wrong - other)
    seen = precision(*map(np.array, first)) - precision(*map(np.array, second))
    if np.isnan(seen):
        return
    assert found == pytest.approx((~(swapped < seen - 1e-9)).mean(), abs=0.02)


def test_one_product_of_five_is_no_proof() -> None:
    counts = Counts(5, both=(4, 0), champion_only=(1, 0), candidate_only=(0, 0))
    (found,) = judge([change(counts, "recall", ALLOWED)], ALLOWED)
    assert found.rise == pytest.approx(-0.2)
    assert (found.verdict, found.p_value) == ("cannot tell", None)


def test_a_large_clear_fall_is_found_among_forty_looks() -> None:
    still = Counts(100, both=(80, 10), champion_only=(5, 2), candidate_only=(5, 2))
    worse = Counts(60, both=(40, 5), champion_only=(15, 0), candidate_only=(1, 0))
    looks = [change(one, "recall", ALLOWED) for one in [worse, *[still] * 39]]
    found = judge(looks, ALLOWED)
    assert [one.verdict for one in found] == ["falls", *["holds"] * 39]


def test_a_sure_fall_that_is_allowed_holds() -> None:
    counts = Counts(1000, both=(900, 0), champion_only=(40, 0), candidate_only=(0, 0))
    (found,) = judge([change(counts, "recall", ALLOWED)], ALLOWED)
    assert (found.verdict, found.p_value) == ("holds", None)  # at most 4 points are at stake


def test_nothing_to_count_is_none() -> None:
    counts = Counts(0, both=(0, 0), champion_only=(0, 3), candidate_only=(0, 0))
    recall, precision = change(counts, "recall", ALLOWED), change(counts, "precision", ALLOWED)
    assert (recall.before, recall.after, recall.rise) == (None, None, None)
    assert (precision.before, precision.after) == (0, None)
    assert {one.verdict for one in judge([recall, precision], ALLOWED)} == {"holds"}


def test_an_equal_candidate_is_seldom_stopped() -> None:
    """200 worlds of 20 departments of 10 to 200 products, where both models are equally good."""
    chance, stopped = np.random.default_rng(1), 0
    sizes = np.linspace(10, 200, 20).astype(int)
    for _ in range(200):
        looks = []
        for size in sizes:
            first, second = (chance.random(size) < 0.85 for _ in range(2))
            looks.append(change(count(first, second, np.ones(size, bool)), "recall", ALLOWED))
        stopped += any(one.verdict == "falls" for one in judge(looks, ALLOWED))
    assert stopped / 200 <= SIGNIFICANCE + 0.03

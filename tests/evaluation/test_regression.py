"""The test of a fall: exact, and not fooled by few products or many departments."""

import tracemalloc
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from shelftag.evaluation.regression import (
    SIGNIFICANCE,
    Change,
    Counts,
    Measure,
    change,
    count,
    fall_p_value,
    holm,
    judge,
)

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


def on_the_grid(counts: Counts, measure: Measure) -> float:
    """Every way the differing products may go to the two models, one by one."""
    right, wrong = map(sum, zip(counts.champion_only, counts.candidate_only, strict=True))
    wrong *= measure == "precision"

    def share(more: int, less: int) -> Fraction:
        of = sum(counts.both) + more + less if measure == "precision" else counts.support
        return Fraction(counts.both[0] + more, max(of, 1))

    def fall(more: int, less: int) -> Fraction:
        return share(more, less) - share(right - more, wrong - less)

    seen = fall(counts.champion_only[0], counts.champion_only[1] if wrong else 0)
    ways = sum(
        comb(right, more) * comb(wrong, less)
        for more in range(right + 1)
        for less in range(wrong + 1)
        if fall(more, less) >= seen
    )
    return ways / 2 ** (right + wrong)


@given(cells, cells, cells, st.sampled_from(["precision", "recall"]))
def test_the_p_value_is_that_of_the_whole_grid(
    both: tuple[int, int], first: tuple[int, int], second: tuple[int, int], measure: Measure
) -> None:
    counts = Counts(50, both, first, second)
    found = fall_p_value(counts, measure, ALLOWED)
    assert found is None or found == pytest.approx(on_the_grid(counts, measure), abs=1e-12)


def test_many_differing_products_need_little_memory() -> None:
    """A grid of them would take 3 GB; the normal approximation of a fall of 1% agrees."""
    counts = Counts(60_000, (40_000, 5_000), (10_200, 10_200), (9_800, 9_800))
    tracemalloc.start()
    found = fall_p_value(counts, "recall", 0.0), fall_p_value(counts, "precision", 0.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    assert found[0] == pytest.approx(norm.sf(399 / np.sqrt(20_000)), rel=0.01)
    assert found[1] is not None
    assert found[1] > 0.5  # what the champion alone puts there is half wrong: precision rises


def test_holm_by_hand() -> None:
    assert holm(np.array([0.04, 0.01, 0.03, 0.5])) == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert holm(np.array([0.6, 0.9])).tolist() == [1, 1]
    assert holm(np.array([])).tolist() == []


def test_a_fall_beside_many_others_needs_its_own_proof() -> None:
    """Nine sure falls do not excuse a tenth that chance explains in 4 of 100 (under Benjamini and
    Hochberg's procedure they would)."""
    sure, doubtful = (
        Change(before=0.9, after=0.5, p_value=p, verdict="holds") for p in (1e-6, 0.04)
    )
    found = judge([*[sure] * 9, doubtful, doubtful], ALLOWED)
    assert [one.verdict for one in found] == ["falls"] * 9 + ["cannot tell"] * 2


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

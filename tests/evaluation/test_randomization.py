"""The exact test of a fall."""

import tracemalloc
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from shelftag.evaluation.randomization import Counts, Measure, count, fall_p_value, shares

ALLOWED, SIGNIFICANCE = 0.05, 0.05

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
    found = fall_p_value(counts, "recall", ALLOWED, SIGNIFICANCE)
    if found is None:
        return
    lost, won = first[0], second[0]
    expected = binomtest(lost, lost + won, 0.5, alternative="greater").pvalue
    assert found == pytest.approx(expected)
    before, after = shares(counts, "recall")
    assert before is not None
    assert after == pytest.approx(before + (won - lost) / counts.support)


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
    return float(Fraction(ways, 2 ** (right + wrong)))


@given(cells, cells, cells, st.sampled_from(["precision", "recall"]))
def test_the_p_value_is_that_of_the_whole_grid(
    both: tuple[int, int], first: tuple[int, int], second: tuple[int, int], measure: Measure
) -> None:
    counts = Counts(50, both, first, second)
    found = fall_p_value(counts, measure, ALLOWED, SIGNIFICANCE)
    assert found is None or found == pytest.approx(on_the_grid(counts, measure), abs=1e-12)


def test_many_differing_products_need_little_memory() -> None:
    """A grid of them would take 3 GB; the normal approximation of a fall of 1% agrees."""
    counts = Counts(60_000, (40_000, 5_000), (10_200, 10_200), (9_800, 9_800))
    tracemalloc.start()
    found = [fall_p_value(counts, one, 0.0, SIGNIFICANCE) for one in ("recall", "precision")]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6
    assert found[0] == pytest.approx(norm.sf(399 / np.sqrt(20_000)), rel=0.01)
    assert found[1] is not None
    assert found[1] > 0.5  # what the champion alone puts there is half wrong: precision rises

"""The exact paired randomization test: do two models differ in one department by chance?

    champion, candidate, filed [n] --count--> Counts --every way to swap them--> p-value

Yeh, More accurate tests for the statistical significance of result differences, 2000
(https://aclanthology.org/C00-2137).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

EPSILON = 1e-9
"""Differences of shares below this are rounding."""

Measure = Literal["precision", "recall"]

Ints = NDArray[np.int64]
Fall = Callable[[Ints, Ints], NDArray[np.float64]]
"""(right, wrong) products that the champion alone puts there -> its share less the other's."""


@dataclass(frozen=True)
class Counts:
    """Products put into one department, as (filed there, filed elsewhere)."""

    support: int
    """Products filed there."""
    both: tuple[int, int]
    champion_only: tuple[int, int]
    candidate_only: tuple[int, int]


def count(
    champion: NDArray[np.bool_], candidate: NDArray[np.bool_], filed: NDArray[np.bool_]
) -> Counts:
    """Of products [n]: which each model puts into the department, which are filed there."""

    def split(rows: NDArray[np.bool_]) -> tuple[int, int]:
        return int((rows & filed).sum()), int((rows & ~filed).sum())

    only = split(champion & ~candidate), split(candidate & ~champion)
    return Counts(int(filed.sum()), split(champion & candidate), *only)


def shares(counts: Counts, measure: Measure) -> tuple[float | None, float | None]:
    """The measure in champion and candidate; None where there is nothing to count."""
    first, second = (
        _defined(counts, right, wrong, measure)
        for right, wrong in (counts.champion_only, counts.candidate_only)
    )
    return first, second


def _defined(counts: Counts, right: int, wrong: int, measure: Measure) -> float | None:
    of = counts.support if measure == "recall" else sum(counts.both) + right + wrong
    return float(_share(counts, np.array(right), np.array(wrong), measure)) if of else None


def fall_p_value(
    counts: Counts, measure: Measure, allowed: float, significance: float
) -> float | None:
    """How often equal models show at least this fall; None: they can show none that is larger
    than allowed and significant.

    Were the models equal, each product that one of them alone puts there could as well be the
    other's. For recall it is the exact test of McNemar.
    """
    right, wrong = np.add(counts.champion_only, counts.candidate_only).tolist()
    if measure == "recall":
        wrong = 0

    def fall(mine: Ints, other: Ints) -> NDArray[np.float64]:
        return _share(counts, mine, other, measure) - _share(
            counts, right - mine, wrong - other, measure
        )

    largest = float(fall(np.array(right), np.array(0)))
    if largest <= allowed + EPSILON or _mass(fall, right, wrong, largest) > significance:
        return None
    first = counts.champion_only
    seen = fall(np.array(first[0]), np.array(first[1] if wrong else 0))
    return _mass(fall, right, wrong, float(seen))


def _mass(fall: Fall, right: int, wrong: int, least: float) -> float:
    """Probability of a fall of at least `least` when each product goes to either by a coin.

    The more wrong products go to the champion, the smaller the fall. So with `mine` of the right
    ones, it is large enough for the first few of the wrong ones, and a bisection for each `mine`
    finds how many: no grid of right times wrong is made.
    """
    from scipy.stats import binom

    mine = np.arange(right + 1)
    enough = _bisect(lambda other: fall(mine, other) >= least - EPSILON, len(mine), wrong + 1)
    chances = binom.pmf(mine, right, 0.5) * binom.cdf(enough - 1, wrong, 0.5)
    return min(1.0, float(chances.sum()))


def _bisect(holds: Callable[[Ints], NDArray[np.bool_]], rows: int, stop: int) -> Ints:
    """For how many of 0..stop-1 it holds, [rows], where in each row it holds for the first ones."""
    low, high = np.zeros(rows, np.int64), np.full(rows, stop, np.int64)
    while np.any(low < high):
        middle = (low + high) // 2
        yes = holds(middle) & (low < high)
        low, high = np.where(yes, middle + 1, low), np.where(yes, high, middle)
    return low


def _share(counts: Counts, right: Ints, wrong: Ints, measure: Measure) -> NDArray[np.float64]:
    """The measure of a model that alone puts so many there; 0 where there is nothing to count."""
    right = counts.both[0] + right
    of = right + counts.both[1] + wrong if measure == "precision" else np.array(counts.support)
    return np.asarray(right / np.maximum(of, 1), np.float64)

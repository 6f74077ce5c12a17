"""Whether a candidate is worse than the champion in some department, beyond what chance does.

    champion, candidate [n] --by department--> discordant products --exact test--> p-values
                                                                   '--Holm-------> verdicts

A department of five products falls by 20 points with one product, and twenty departments with two
measures each are forty chances to be unlucky. So a fall stops a promotion when it is larger than
allowed and when a test that knows of all the others, too, calls it no accident.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result

SIGNIFICANCE = 0.05
"""How often a department may stop a candidate that is as good as the champion in all of them."""

EPSILON = 1e-9
"""Differences of shares below this are rounding."""

Verdict = Literal["holds", "cannot tell", "falls"]
Measure = Literal["precision", "recall"]

Ints = NDArray[np.int64]
Fall = Callable[[Ints, Ints], NDArray[np.float64]]
"""(right, wrong) products that the champion alone puts there -> its share less the other's."""


class Change(Result):
    """Precision or recall of a department, in champion and candidate."""

    before: float | None
    after: float | None
    """None where there is nothing to count."""

    p_value: float | None
    """Chance of such a fall between equal models, adjusted for all departments and measures; None
    where the products are too few to show a fall that is not allowed."""

    verdict: Verdict
    """`falls`: by more than allowed, and not by chance. `cannot tell`: by more than allowed, but
    it may be chance."""

    @property
    def rise(self) -> float | None:
        """After less before; below 0 it fell."""
        return None if self.before is None or self.after is None else self.after - self.before


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


def change(counts: Counts, measure: Measure, allowed: float) -> Change:
    """One measure of one department, looked at alone: `judge` decides on all of them."""
    before, after = (
        _defined(counts, only, measure) for only in (counts.champion_only, counts.candidate_only)
    )
    p_value = None if before is None or after is None else fall_p_value(counts, measure, allowed)
    return Change(before=before, after=after, p_value=p_value, verdict="holds")


def _defined(counts: Counts, only: tuple[int, int], measure: Measure) -> float | None:
    of = counts.support if measure == "recall" else sum(counts.both) + sum(only)
    return float(_share(counts, *map(np.array, only), measure)) if of else None


def judge(found: Sequence[Change], allowed: float) -> list[Change]:
    """Adjust the p-values of all changes for each other, and decide.

    Each null hypothesis is "no fall": in this department the two models are equal. A p-value does
    not know of the allowed fall, so what is no chance must also be larger than that to count.

    Holm's procedure (A simple sequentially rejective multiple test procedure, 1979) names any
    department wrongly in at most SIGNIFICANCE of all promotions, however the looks hang together
    and however many departments did fall. It counts only the looks that could show anything, which
    is known before it is seen whose the differing products are: Tarone, A modified Bonferroni
    method for discrete data, 1990.
    """
    able = np.array([one.p_value for one in found if one.p_value is not None], np.float64)
    adjusted = iter(holm(able).tolist())
    return [_judged(one, None if one.p_value is None else next(adjusted), allowed) for one in found]


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values [n]: the smallest n times, the next n - 1 times, and none below another."""
    order = np.argsort(p_values, kind="stable")
    times = np.arange(len(order), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.maximum.accumulate(np.minimum(times * p_values[order], 1.0))
    return adjusted


def _judged(one: Change, p_value: float | None, allowed: float) -> Change:
    verdict: Verdict = "holds"
    if one.rise is not None and -one.rise > allowed + EPSILON:
        sure = p_value is not None and p_value <= SIGNIFICANCE
        verdict = "falls" if sure else "cannot tell"
    return one.model_copy(update={"p_value": p_value, "verdict": verdict})


def fall_p_value(counts: Counts, measure: Measure, allowed: float) -> float | None:
    """How often equal models show at least this fall, in one look; None: they can show none.

    The exact paired randomization test: were the models equal, each product that one of them alone
    puts there could as well be the other's. Yeh, More accurate tests for the statistical
    significance of result differences, 2000 (https://aclanthology.org/C00-2137). For recall it is
    the exact test of McNemar.
    """
    right, wrong = np.add(counts.champion_only, counts.candidate_only).tolist()
    if measure == "recall":
        wrong = 0

    def fall(mine: Ints, other: Ints) -> NDArray[np.float64]:
        return _share(counts, mine, other, measure) - _share(
            counts, right - mine, wrong - other, measure
        )

    largest = float(fall(np.array(right), np.array(0)))
    if largest <= allowed + EPSILON or _mass(fall, right, wrong, largest) > SIGNIFICANCE:
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

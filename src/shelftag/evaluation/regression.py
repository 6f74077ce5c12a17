"""Whether a candidate is worse than the champion in some department, beyond what chance does.

    champion, candidate [n] --by department--> discordant products --exact test--> p-values
                                                                   '--Gilbert----> verdicts

A department of five products falls by 20 points with one product, and twenty departments with two
measures each are forty chances to be unlucky. So a fall stops a promotion when it is larger than
allowed and when a test that knows of all the others, too, calls it no accident.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result

SIGNIFICANCE = 0.05
"""How often the gate may stop a candidate that is as good as the champion."""

EPSILON = 1e-9
"""Differences of shares below this are rounding."""

Verdict = Literal["holds", "cannot tell", "falls"]
Measure = Literal["precision", "recall"]


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
        _finite(_share(counts, np.array(right), np.array(wrong), measure))
        for right, wrong in (counts.champion_only, counts.candidate_only)
    )
    p_value = None if before is None or after is None else fall_p_value(counts, measure, allowed)
    return Change(before=before, after=after, p_value=p_value, verdict="holds")


def judge(found: Sequence[Change], allowed: float) -> list[Change]:
    """Adjust the p-values of all changes for each other, and decide.

    Benjamini and Hochberg's procedure over the tests that could show anything: Gilbert, A modified
    false discovery rate multiple-comparisons procedure for discrete data, 2005. When no department
    is worse, it stops at most SIGNIFICANCE of all promotions; when some are, at most that share of
    those named is named wrongly.
    """
    from scipy.stats import false_discovery_control

    able = [one.p_value for one in found if one.p_value is not None]
    adjusted = iter(false_discovery_control(able).tolist() if able else ())
    return [_judged(one, None if one.p_value is None else next(adjusted), allowed) for one in found]


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
    from scipy.stats import binom

    right, wrong = np.add(counts.champion_only, counts.candidate_only).tolist()
    mine, other = np.ogrid[: right + 1, : 1 if measure == "recall" else wrong + 1]
    fall = _share(counts, mine, other, measure) - _share(
        counts, right - mine, wrong - other, measure
    )
    weights = binom.pmf(mine, right, 0.5)
    if measure == "precision":
        weights = weights * binom.pmf(other, wrong, 0.5)
    at = counts.champion_only if measure == "precision" else (counts.champion_only[0], 0)
    largest = np.max(fall, initial=-1.0, where=~np.isnan(fall))
    able = largest > allowed + EPSILON and _mass(weights, fall, largest) <= SIGNIFICANCE
    return _mass(weights, fall, fall[at]) if able else None


def _mass(weights: NDArray[np.float64], fall: NDArray[np.float64], least: float) -> float:
    """Probability of a fall of at least `least`; one that is not defined counts as such."""
    return float(min(1.0, weights[~(fall < least - EPSILON)].sum()))


def _share(
    counts: Counts, right: NDArray[np.int64], wrong: NDArray[np.int64], measure: Measure
) -> NDArray[np.float64]:
    """The measure of a model that alone puts so many there; NaN without anything to count."""
    right = counts.both[0] + right
    of = right + counts.both[1] + wrong if measure == "precision" else np.array(counts.support)
    right, of = np.broadcast_arrays(right, of)
    shares: NDArray[np.float64] = np.full(right.shape, np.nan)
    np.divide(right, of, out=shares, where=of > 0)
    return shares


def _finite(value: NDArray[np.float64]) -> float | None:
    return None if np.isnan(value) else float(value)

"""Whether a candidate is worse than the champion in some department, beyond what chance does.

    champion, candidate [n] --by department--> discordant products --exact test--> p-values
                                                                   '--Holm-------> verdicts

A department of five products falls by 20 points with one product, and twenty departments with two
measures each are forty chances to be unlucky. So a fall stops a promotion when it is larger than
allowed and when a test that knows of all the others, too, calls it no accident.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.randomization import (
    EPSILON,
    Counts,
    Measure,
    fall_p_value,
    shares,
)
from shelftag.evaluation.scope import Result

SIGNIFICANCE = 0.05
"""How often a department may stop a candidate that is as good as the champion in all of them."""

Verdict = Literal["holds", "cannot tell", "falls"]


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


def change(counts: Counts, measure: Measure, allowed: float) -> Change:
    """One measure of one department, looked at alone: `judge` decides on all of them."""
    before, after = shares(counts, measure)
    p_value = None
    if before is not None and after is not None:
        p_value = fall_p_value(counts, measure, allowed, SIGNIFICANCE)
    return Change(before=before, after=after, p_value=p_value, verdict="holds")


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

"""The threshold under which a person looks: a nominal one, and one that is certified.

Nominal: the smallest at which validation reaches the target. It was searched for, so on other
products the precision is a coin's throw about the target, and a little below it on average.

Certified: with 95% confidence the precision at the threshold is the target or more. Coverages are
fixed beforehand, without a look at labels, and tested from strict to loose, as in Learn then Test
(Angelopoulos et al. 2021, https://arxiv.org/abs/2110.01052, section 3):

    coverage  0.200  0.225  0.250 ... 0.400  0.425 ... 1
    level     0.025 -> carried on while each is proven -> + 0.025 at 0.400 -> ...

by the fallback procedure (Wiens 2003, Pharmaceutical Statistics 2:211). Several starts, since at
the strict end too few rows are left to prove anything with.

Confidences are those of held-out folds, so that no row is ordered by its own label; the threshold
is then used on confidences fitted to all rows, which is close to the same and not in the bound
(README, results: simulated). Nor is it in the bound that the linear model's weight, the way to
calibrate and, with `train.eval_steps`, the checkpoint were chosen on these rows, and that names of
validation may be near-duplicates of each other.

By department would cost nearly all coverage: each has too few rows to prove a precision with.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.selective import NEVER

MIN_ACCEPTED = 30
"""A nominal precision over fewer products says nothing."""

LEVEL = 0.05
"""How often, at most, the precision at a certified threshold is below the target."""

COVERAGES = np.round(np.arange(0.2, 1.001, 0.025), 3)
STARTS = (0.2, 0.4)
"""Coverages at which an equal part of the level is put in."""


def nominal_threshold(
    confidence: NDArray[np.float32], correct: NDArray[np.bool_], target: float
) -> float:
    """The smallest confidence at or above which the share of correct tags reaches the target."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    precision = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    last_of_ties = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True)
    enough = np.arange(1, len(order) + 1) >= min(MIN_ACCEPTED, len(order))
    reached = np.flatnonzero((precision >= target) & last_of_ties & enough)
    return short(sorted_confidence[reached[-1]], confidence) if len(reached) else NEVER


def certified_threshold(
    confidence: NDArray[np.float32], correct: NDArray[np.bool_], target: float
) -> float:
    """The smallest confidence whose precision is proven to reach the target, or `NEVER`.

    Proven: the lower bound by Clopper and Pearson, at the level that the procedure has left there,
    is not below the target.
    """
    from scipy.stats import binom

    thresholds = np.quantile(confidence, 1 - COVERAGES, method="lower")
    accepted = confidence >= thresholds[:, None]
    rows, right = accepted.sum(axis=1), (accepted & correct).sum(axis=1)
    p_values = binom.sf(right - 1, rows, target)
    proven = np.flatnonzero(fallback(p_values, np.isin(COVERAGES, STARTS) / len(STARTS) * LEVEL))
    return short(thresholds[proven[-1]], confidence) if len(proven) else NEVER


def short(threshold: np.floating[Any], confidence: NDArray[np.float32]) -> float:
    """The decimal of the fewest digits that accepts the same rows: people read and type it."""
    below = confidence[confidence < threshold]
    lower = below.max() if len(below) else np.float32(-1)
    for digits in range(2, 10):
        rounded = np.floor(float(threshold) * 10**digits) / 10**digits
        if np.float32(rounded) > lower:  # numpy compares a float32 with it in float32
            return float(rounded)
    return float(threshold)


def fallback(p_values: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which hypotheses of a sequence are rejected; a rejected one hands its level to the next.

    That any true one is rejected has a chance of at most the sum of `levels`.
    """
    rejected, carried = np.zeros(len(p_values), bool), 0.0
    for place, (p_value, level) in enumerate(zip(p_values, levels, strict=True)):
        carried = carried + level
        rejected[place] = p_value <= carried > 0
        carried = carried if rejected[place] else 0.0
    return rejected

"""Risk against coverage: how often the surest tags are wrong, from the surest on.

El-Yaniv and Wiener 2010 (https://jmlr.org/papers/v11/el-yaniv10a.html); the area under the curve
is of Geifman et al. 2019 (https://arxiv.org/abs/1805.08206).
"""

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result
from shelftag.evaluation.shares import Share, share

MAX_POINTS = 200

NEVER = 1.0
"""The threshold that nothing reaches, a rounded certainty neither."""


class RiskPoint(Result):
    """What tagging from a threshold on comes to."""

    threshold: float
    coverage: float
    risk: float
    """Share of the products covered that are tagged wrong."""


class RiskCoverage(Result):
    """The curve, thinned to 200 points, and the area under all of it."""

    area: float
    """Risk averaged over all coverages; less is better."""
    points: tuple[RiskPoint, ...]
    """From the surest product to all of them."""


class Abstention(Result):
    """What one threshold comes to."""

    threshold: float
    rows: int
    """Products at or above it."""
    coverage: Share
    precision: Share


def lead(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """How far the best of margins or probabilities [n, departments] is before the second, [n]."""
    if scores.shape[1] < 2:
        return np.full(len(scores), np.inf, np.float32)
    second, first = np.partition(scores, -2, axis=1)[:, -2:].T
    return np.asarray(first - second, np.float32)


def risk_coverage(confidences: NDArray[np.float32], correct: NDArray[np.bool_]) -> RiskCoverage:
    """Of confidences [n] against whether the choice was right [n], n at least 1."""
    risks, ordered = risks_of(confidences, correct), np.sort(confidences)[::-1]
    last_of_ties = np.flatnonzero(np.append(ordered[1:] < ordered[:-1], True))
    few = np.linspace(0, len(last_of_ties) - 1, min(MAX_POINTS, len(last_of_ties)))
    shown = last_of_ties[few.astype(int)]
    points = tuple(
        RiskPoint(
            threshold=float(ordered[row]),
            coverage=float((row + 1) / len(ordered)),
            risk=float(risks[row]),
        )
        for row in shown
    )
    return RiskCoverage(area=float(risks.mean()), points=points)


def risks_of(confidences: NDArray[np.float32], correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of wrong tags among the 1, 2, ... n surest; those of one confidence fail evenly."""
    _, group, sizes = np.unique(-confidences, return_inverse=True, return_counts=True)
    wrong = np.bincount(group, weights=~correct) / sizes
    risks: NDArray[np.float64] = np.cumsum(np.repeat(wrong, sizes)) / np.arange(1, len(group) + 1)
    return risks


def accepted(confidences: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Which products need no review, [n]."""
    return (confidences >= threshold) & (threshold < NEVER)


def abstention(
    confidences: NDArray[np.float32], correct: NDArray[np.bool_], threshold: float
) -> Abstention:
    """Precision and coverage of the products at or above a threshold."""
    covered = accepted(confidences, threshold)
    rows = int(covered.sum())
    return Abstention(
        threshold=threshold,
        rows=rows,
        coverage=share(rows, len(covered)),
        precision=share(int(correct[covered].sum()), rows),
    )

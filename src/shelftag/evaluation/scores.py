"""Scores of departments chosen: pure functions of arrays, one row a product.

probabilities [n, departments] --argmax--> chosen [n] --against labels [n]--> Scores
"""

import numpy as np
from numpy.typing import NDArray

from shelftag.errors import Failed, InputError
from shelftag.evaluation.confidence import Confidence, confidence_of
from shelftag.evaluation.intervals import ScoreIntervals, score_intervals
from shelftag.evaluation.scope import Result, Scope


class DepartmentScores(Result):
    """One department against the rest."""

    department: str
    support: int
    """Products filed under it."""

    chosen: int
    """Products the model puts there."""

    precision: float | None
    """Share of `chosen` that is filed there; None where nothing was chosen."""

    recall: float | None
    """Share of `support` that was chosen; None without support."""

    f1: float | None
    """Their harmonic mean; 0 where it was never chosen, None without support."""


class Scores(Result):
    """How well departments were chosen."""

    scope: Scope
    accuracy: float
    """Share of products under their own department."""

    purchase_accuracy: float | None
    """The same, each product counted once a purchase; None where nothing was bought."""

    macro_f1: float
    """F1 averaged over the departments with support, each counted once."""

    departments: tuple[DepartmentScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Products [filed under, chosen]."""

    intervals: ScoreIntervals
    confidence: Confidence | None
    """None for a model that gives no probabilities."""


def score_probabilities(
    probabilities: NDArray[np.float32],
    labels: NDArray[np.int64],
    purchases: NDArray[np.int64],
    scope: Scope,
    threshold: float,
) -> Scores:
    """Score calibrated probabilities [n, departments] against label positions [n].

    Raises:
        InputError: there are no rows.
        Failed: a probability is not a finite number.
    """
    check_finite(probabilities, scope)
    chosen = probabilities.argmax(axis=1)
    scores = score_choices(chosen, labels, purchases, scope)
    confidence = confidence_of(probabilities.max(axis=1), chosen == labels, threshold)
    return scores.model_copy(update={"confidence": confidence})


def check_finite(scores: NDArray[np.float32], scope: Scope) -> None:
    """Refuse to rank by what is not a number.

    Raises:
        Failed: a score [n, departments] is not finite.
    """
    lost = int((~np.isfinite(scores).all(axis=1)).sum())
    if lost:
        problem = f"{lost:,} of {len(scores):,} {scope.split} products have scores of NaN"
        raise Failed(problem, "the weights are broken: train again, or look at the base")


def score_choices(
    chosen: NDArray[np.int64],
    labels: NDArray[np.int64],
    purchases: NDArray[np.int64],
    scope: Scope,
) -> Scores:
    """Score chosen positions [n] against label positions [n]; `purchases` [n] are counts.

    Raises:
        InputError: there are no rows.
    """
    if not len(labels):
        raise InputError(f"the {scope.split} split has 0 rows to score", "prepare more products")
    confusion = confusion_matrix(chosen, labels, len(scope.labels))
    departments = tuple(
        _department(name, confusion, position) for position, name in enumerate(scope.labels)
    )
    correct = chosen == labels
    bought = int(purchases.sum())
    return Scores(
        scope=scope,
        accuracy=float(correct.mean()),
        purchase_accuracy=float(purchases[correct].sum() / bought) if bought else None,
        macro_f1=float(np.mean([one.f1 for one in departments if one.f1 is not None])),
        departments=departments,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        intervals=score_intervals(confusion, correct, purchases),
        confidence=None,
    )


def confusion_matrix(
    chosen: NDArray[np.int64], labels: NDArray[np.int64], departments_count: int
) -> NDArray[np.int64]:
    """Products [filed under, chosen]."""
    cells = labels * departments_count + chosen
    counts = np.bincount(cells, minlength=departments_count**2)
    return counts.reshape(departments_count, departments_count).astype(np.int64)


def _department(name: str, confusion: NDArray[np.int64], position: int) -> DepartmentScores:
    right = int(confusion[position, position])
    support = int(confusion[position].sum())
    chosen = int(confusion[:, position].sum())
    return DepartmentScores(
        department=name,
        support=support,
        chosen=chosen,
        precision=right / chosen if chosen else None,
        recall=right / support if support else None,
        f1=2 * right / (support + chosen) if support else None,
    )

"""Whether a confidence means what it says: reliability, calibration error, coverage.

A confidence is the probability of the department chosen. Calibrated, it is the share of such tags
that are right.
"""

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result
from shelftag.evaluation.selective import accepted

BINS = 15


class ReliabilityBin(Result):
    """Products of like confidence: how sure the model is of them, and how often it is right."""

    confidence: float
    accuracy: float
    rows: int


class Confidence(Result):
    """What the confidences are worth."""

    calibration_error: float
    """Expected calibration error: the mean gap between confidence and accuracy of `bins`."""

    bins: tuple[ReliabilityBin, ...]
    """Fifteen of equal mass, from least to most confident; fewer where rows are fewer."""

    threshold: float
    """Confidence from which a tag needs no review."""

    coverage: float
    """Share of the products at or above the threshold."""

    precision: float | None
    """Share of those tagged right; None where no product reaches the threshold."""


def confidence_of(
    confidences: NDArray[np.float32], correct: NDArray[np.bool_], threshold: float
) -> Confidence:
    """Score confidences [n] in 0..1 against whether the choice was right [n], n at least 1."""
    bins = reliability(confidences, correct)
    covered = accepted(confidences, threshold)
    return Confidence(
        calibration_error=calibration_error(bins),
        bins=bins,
        threshold=threshold,
        coverage=float(covered.mean()),
        precision=float(correct[covered].mean()) if covered.any() else None,
    )


def reliability(
    confidences: NDArray[np.float32], correct: NDArray[np.bool_], bins_count: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Bins of equal mass, least confident first.

    Rows of the same confidence count with their mean accuracy, so that where a bin ends among
    them, and so the order of the rows, changes nothing.
    """
    _, group, sizes = np.unique(confidences, return_inverse=True, return_counts=True)
    accuracy = (np.bincount(group, weights=correct) / sizes)[group]
    return tuple(
        ReliabilityBin(
            confidence=float(confidences[rows].mean(dtype=np.float64)),
            accuracy=float(accuracy[rows].mean()),
            rows=len(rows),
        )
        for rows in _equal_parts(confidences, bins_count)
    )


def _equal_parts(confidences: NDArray[np.float32], bins_count: int) -> list[NDArray[np.int64]]:
    order = np.argsort(confidences, kind="stable")
    return [rows for rows in np.array_split(order, bins_count) if len(rows)]


def bin_weights(
    confidences: NDArray[np.float32], bins_count: int = BINS
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What each row counts for in the mean of each bin, [bins, n], and the rows of each, [bins].

    The accuracies of `reliability` as one product, for many outcomes of the same confidences.
    """
    _, group, sizes = np.unique(confidences, return_inverse=True, return_counts=True)
    parts = _equal_parts(confidences, bins_count)
    weights = [
        (np.bincount(group[rows], minlength=len(sizes)) / sizes / len(rows))[group]
        for rows in parts
    ]
    return np.stack(weights), np.array([len(rows) for rows in parts])


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """The gap between confidence and accuracy, averaged over rows."""
    rows = sum(one.rows for one in bins)
    return sum(one.rows * abs(one.confidence - one.accuracy) for one in bins) / rows

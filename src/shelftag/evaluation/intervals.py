"""What chance would do to a score: percentile bootstraps over products.

Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13. A product drawn twice
counts twice; what is scored is drawn, never what was learned from.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result
from shelftag.evaluation.shares import share

RESAMPLES = 1_000
LEVEL = (0.025, 0.975)
SEED = 0


class Interval(Result):
    """A 95% interval."""

    low: float
    high: float


class ScoreIntervals(Result):
    """Of the scores of one model on one split; None where the score is."""

    accuracy: Interval
    macro_f1: Interval
    purchase_accuracy: Interval | None
    precision: tuple[Interval | None, ...]
    """By department, exact: a bootstrap of two products that are both wrong is certain of 0."""
    recall: tuple[Interval | None, ...]
    resamples: int = RESAMPLES


def score_intervals(
    confusion: NDArray[np.int64], correct: NDArray[np.bool_], purchases: NDArray[np.int64]
) -> ScoreIntervals:
    """Bootstrap n products, n at least 1.

    Args:
        confusion: their counts [filed under, chosen].
        correct: whether each was chosen right, [n].
        purchases: order lines each stands in, [n].
    """
    right, support, chosen = _drawn(confusion)
    on_diagonal = np.diag(confusion)
    with np.errstate(invalid="ignore"):
        f1 = np.where(support > 0, 2 * right / (support + chosen), np.nan)
    return ScoreIntervals(
        accuracy=_present(interval(right.sum(axis=1) / len(correct))),
        macro_f1=_present(interval(np.nanmean(f1, axis=1))),
        purchase_accuracy=interval(_by_purchase(correct, purchases)) if purchases.any() else None,
        precision=_exact(on_diagonal, confusion.sum(axis=0)),
        recall=_exact(on_diagonal, confusion.sum(axis=1)),
    )


def interval(draws: NDArray[np.float64]) -> Interval | None:
    """The 95% percentile interval of draws; None where none of them has a value."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return None
    low, high = np.quantile(known, LEVEL)
    return Interval(low=float(low), high=float(high))


def share_interval(correct: NDArray[np.bool_]) -> Interval:
    """Of the share of n products that are right, n at least 1; exact."""
    found = share(int(correct.sum()), len(correct))
    return Interval(low=found.low, high=found.high)


def _exact(right: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[Interval | None, ...]:
    shares = (share(*counts) for counts in zip(right.tolist(), rows.tolist(), strict=True))
    return tuple(
        None if one.value is None else Interval(low=one.low, high=one.high) for one in shares
    )


def _drawn(confusion: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    """Right, support and chosen of each department in each resample, [resamples, departments].

    Products of one cell are alike, so that a resample is one multinomial draw over the cells.
    """
    labels, chosen = np.nonzero(confusion)
    counts = confusion[labels, chosen]
    rows = int(counts.sum())
    draws = np.random.default_rng(SEED).multinomial(rows, counts / rows, size=RESAMPLES)
    drawn, eye = draws.astype(np.float64), np.eye(len(confusion))
    return (drawn * (labels == chosen)) @ eye[labels], drawn @ eye[labels], drawn @ eye[chosen]


def _by_purchase(correct: NDArray[np.bool_], purchases: NDArray[np.int64]) -> NDArray[np.float64]:
    """Products that are bought as often, and right or wrong, are alike: cells here too."""
    cells, counts = np.unique(2 * purchases + correct, return_counts=True)
    chance = np.random.default_rng(SEED)
    draws = chance.multinomial(len(correct), counts / len(correct), size=RESAMPLES)
    bought = draws * (cells // 2)
    return _share((bought * (cells % 2)).sum(axis=1), bought.sum(axis=1))


def _share(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Part of whole; NaN where there is nothing to divide by."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, np.divide(part, whole, dtype=np.float64), np.nan)


def _present(found: Interval | None) -> Interval:
    assert found is not None  # noqa: S101
    return found

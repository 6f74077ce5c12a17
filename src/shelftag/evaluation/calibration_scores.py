"""How honest probabilities are, beside what perfectly honest ones would score by chance.

probabilities [n, departments] --draw labels from them, 1,000 times--> scores --> 95% bands
            '-- labels ------------------------------------------------> scores
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.confidence import bin_weights
from shelftag.evaluation.scope import Result
from shelftag.evaluation.smooth_error import CELLS, cell_of, smooth_errors

WORLDS = 1_000
BAND = (2.5, 97.5)
"""Percentiles of those worlds."""

LOWEST = 1e-12
"""A probability of 0 on a true label counts as this one."""


class Judged(Result):
    """A score, and the 95% band of a perfectly calibrated model with the same probabilities."""

    value: float
    low: float
    high: float


class BandedBin(Result):
    """Products of like confidence, and where their accuracy would lie by chance (95%)."""

    confidence: float
    accuracy: float
    rows: int
    low: float
    high: float


class CalibrationScores(Result):
    """Calibration of all departments' probabilities (Brier, log loss) and of the one chosen."""

    error: Judged
    """Expected calibration error over fifteen bins of equal mass."""
    smooth_error: Judged
    """The same without bins."""
    brier: Judged
    """Mean over products of the squared distance to the label, summed over departments."""
    log_loss: Judged
    """Mean negative log-likelihood of the label, in nats."""
    bins: tuple[BandedBin, ...]


@dataclass(frozen=True)
class _Scores:
    """Of m sets of labels for the same probabilities."""

    accuracies: NDArray[np.float64]
    """[m, bins]"""
    residuals: NDArray[np.float64]
    """[m, cells]"""
    briers: NDArray[np.float64]
    losses: NDArray[np.float64]


def calibration_scores(
    likely: NDArray[np.float32], labels: NDArray[np.int64], seed: int
) -> CalibrationScores:
    """Score probabilities [n, departments] against label positions [n], n at least 1."""
    chance = np.random.default_rng(seed)
    found, drawn = _scores(likely, [labels]), _scores(likely, _worlds(likely, chance))
    weights, rows = bin_weights(likely.max(axis=1))
    confidence = weights @ likely.max(axis=1)

    def errors(scores: _Scores) -> NDArray[np.float64]:
        return np.asarray(np.abs(scores.accuracies - confidence) @ rows / rows.sum())

    bins = zip(confidence, found.accuracies[0], rows, *_band(drawn.accuracies), strict=True)
    return CalibrationScores(
        error=_judged(errors(found), errors(drawn)),
        smooth_error=_judged(smooth_errors(found.residuals.T), smooth_errors(drawn.residuals.T)),
        brier=_judged(found.briers, drawn.briers),
        log_loss=_judged(found.losses, drawn.losses),
        bins=tuple(
            BandedBin(confidence=sure, accuracy=right, rows=int(count), low=low, high=high)
            for sure, right, count, low, high in bins
        ),
    )


def _worlds(
    likely: NDArray[np.float32], chance: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Labels [n] as likely as the probabilities say."""
    cumulative = likely.astype(np.float64).cumsum(axis=1)
    cumulative /= cumulative[:, -1:]
    for _ in range(WORLDS):
        yield (chance.random((len(likely), 1)) > cumulative).sum(axis=1)


def _scores(likely: NDArray[np.float32], worlds: Iterable[NDArray[np.int64]]) -> _Scores:
    """One world at a time, so that memory does not grow with their number."""
    exact, every = likely.astype(np.float64), np.arange(len(likely))
    chosen, confidence = exact.argmax(axis=1), exact.max(axis=1)
    weights, _ = bin_weights(likely.max(axis=1))
    squares, cells = (exact**2).sum(axis=1), cell_of(likely.max(axis=1))
    rows = []
    for labels in worlds:
        own, right = exact[every, labels], chosen == labels
        residuals = np.bincount(cells, confidence - right, CELLS) / len(labels)
        brier, loss = (squares - 2 * own + 1).mean(), -np.log(np.maximum(own, LOWEST)).mean()
        rows.append((weights @ right, residuals, brier, loss))
    return _Scores(*(np.array(column) for column in zip(*rows, strict=True)))


def _judged(found: NDArray[np.float64], drawn: NDArray[np.float64]) -> Judged:
    low, high = _band(drawn)
    return Judged(value=float(found[0]), low=float(low), high=float(high))


def _band(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The band over worlds, [2, ...]."""
    return np.percentile(drawn, BAND, axis=0)

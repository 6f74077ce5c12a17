"""Which way to calibrate: the simplest, unless another is better on rows it was not fitted on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from shelftag.evaluation.selective import risks_of
from shelftag.tagging.scaling import Scaling, log_losses, probabilities
from shelftag.tagging.ways import WAYS, Fit

MIN_ROWS = 100
"""With fewer examples, folds decide by chance: nothing is fitted."""

FOLDS = 5
SEED = 0


class Tried(BaseModel):
    """A way to calibrate, and what it is worth on held-out folds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: str
    log_loss: float
    """Mean negative log-likelihood of the labels, in nats."""
    risk: float
    """Area under the risk-coverage curve, averaged over the folds."""


@dataclass(frozen=True)
class HeldOut:
    """What a way makes of rows it was not fitted on."""

    losses: NDArray[np.float64]
    """Log loss of each row, [n]."""
    confidences: NDArray[np.float32]
    """Of each row, [n]."""
    risks: NDArray[np.float64]
    """Area under the risk-coverage curve of each fold, [folds]."""

    @property
    def truths(self) -> NDArray[np.float64]:
        """The probability of each label, [n]."""
        return np.exp(-self.losses)

    def better_than(self, other: "HeldOut") -> bool:
        """Whether likelier by more than noise; or as likely, and in a better order by more."""
        gain = other.losses - self.losses
        if abs(gain.mean()) > _standard_error(gain):
            return bool(gain.mean() > 0)
        order = other.risks - self.risks
        return bool(order.mean() > _standard_error(order))


def choose_scaling(
    logits: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[str, Scaling, dict[str, HeldOut]]:
    """The way chosen, what it gives when fitted on all rows, and each way on held-out folds.

    From the simplest on, a way takes the place of the best before it when its log loss is lower by
    more than a standard error of the difference, row by row (the one-standard-error rule of
    Breiman et al. 1984). Log loss hardly tells 0.97 from 0.99, and the review threshold is there:
    where the loss cannot tell, the order of the rows does. With too few rows, or one department,
    nothing is tried.
    """
    if len(labels) < MIN_ROWS or logits.shape[1] < 2:
        return "none", Scaling(), {}
    held = {way: held_out(fit, logits, labels) for way, fit in WAYS.items()}
    best, *others = WAYS
    for way in others:
        best = way if held[way].better_than(held[best]) else best
    return best, WAYS[best](logits, labels), held


def tried(way: str, held: HeldOut) -> Tried:
    """What is kept of a way in calibration.json."""
    return Tried(way=way, log_loss=float(held.losses.mean()), risk=float(held.risks.mean()))


def held_out(fit: Fit, logits: NDArray[np.float32], labels: NDArray[np.int64]) -> HeldOut:
    """Fit on all folds but one, and look at that one; seeded."""
    fold = np.random.default_rng(SEED).permutation(len(labels)) % FOLDS
    losses, risks = np.empty(len(labels)), np.empty(FOLDS)
    confidences = np.empty(len(labels), np.float32)
    for held in range(FOLDS):
        rows = fold == held
        fitted = fit(logits[~rows], labels[~rows])
        losses[rows] = log_losses(logits[rows], labels[rows], fitted)
        right = logits[rows].argmax(axis=1) == labels[rows]
        confidences[rows] = probabilities(logits[rows], fitted).max(axis=1)
        risks[held] = risks_of(confidences[rows], right).mean()
    return HeldOut(losses, confidences, risks)


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))

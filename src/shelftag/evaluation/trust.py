"""When a Run can be trusted: calibration before and after, abstention, candidates."""

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.calibration_scores import CalibrationScores, calibration_scores
from shelftag.evaluation.scope import Result, Scope
from shelftag.evaluation.selective import Abstention, RiskCoverage, abstention, risk_coverage
from shelftag.evaluation.shares import Share, share


class Candidates(Result):
    """What the sets of departments are worth."""

    level: float
    """How often a set shall hold its product's department."""
    coverage: Share
    """How often it does."""
    mean_size: float
    """Departments in a set."""
    single: float
    """Share of the sets that are of one department."""


class Trust(Result):
    """What the confidences of a Run are worth on products it has not seen."""

    scope: Scope
    way: str
    """How it was calibrated."""
    target_precision: float
    before: CalibrationScores
    """As the model was trained to give them."""
    after: CalibrationScores
    certified: Abstention
    """At the threshold whose precision on validation is proven; `tag` uses it, unless
    `tagging.threshold` is set."""
    nominal: Abstention | None
    """At the smallest one that reaches the target on validation; None for an old Run."""
    risk: RiskCoverage
    candidates: Candidates | None
    """None for a Run that was calibrated without."""


def trust_of(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    labels: NDArray[np.int64],
    scope: Scope,
    *,
    way: str,
    target_precision: float,
    certified: float,
    nominal: float | None,
    candidates: Candidates | None,
    seed: int,
) -> Trust:
    """Score probabilities [n, departments], uncalibrated and calibrated, against labels [n]."""
    confidence, correct = after.max(axis=1), after.argmax(axis=1) == labels
    return Trust(
        scope=scope,
        way=way,
        target_precision=target_precision,
        before=calibration_scores(before, labels, seed),
        after=calibration_scores(after, labels, seed),
        certified=abstention(confidence, correct, certified),
        nominal=None if nominal is None else abstention(confidence, correct, nominal),
        risk=risk_coverage(confidence, correct),
        candidates=candidates,
    )


def score_candidates(
    inside: NDArray[np.bool_], labels: NDArray[np.int64], level: float
) -> Candidates:
    """Sets as rows of [n, departments] against labels [n]."""
    sizes = inside.sum(axis=1)
    held = int(inside[np.arange(len(labels)), labels].sum())
    return Candidates(
        level=level,
        coverage=share(held, len(labels)),
        mean_size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
    )

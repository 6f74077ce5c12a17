"""Making confidences mean what they say, and the threshold under which a person looks.

One temperature, fitted on the validation split (Guo et al. 2017, https://arxiv.org/abs/1706.04599).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from shelftag.artifacts import read_json, write_text
from shelftag.catalog.departments import Departments
from shelftag.errors import ArtifactError

MIN_ACCEPTED = 30
"""A precision over fewer products says nothing."""

NEVER = 1.0
"""The threshold when no lower one reaches the target: only certainty is tagged."""


class Calibration(BaseModel):
    """calibration.json: all that `tag` and `serve` know about trust."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    departments: str
    """Fingerprint of the label set."""
    temperature: float
    """Logits are divided by it."""
    threshold: float
    """Tags of a lower confidence are for review."""
    thresholds: dict[str, float] = {}
    """By department, where one has its own."""
    target_precision: float
    """What the threshold was set for: nominal precision of tags above it, on `fitted_on`."""
    fitted_on: dict[str, str | int]
    """Dataset fingerprint, split protocol, split and rows."""


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Softmax of logits over a temperature, [n, departments] to the same."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    out: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return out


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature of the least mean negative log-likelihood, between 1/20 and 20."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        chosen = probabilities(logits, float(np.exp(log_temperature)))[rows, labels]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def review_threshold(
    confidence: NDArray[np.float32], correct: NDArray[np.bool_], target: float
) -> float:
    """The smallest confidence at or above which the share of correct tags reaches the target."""
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    precision = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    last_of_ties = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True)
    enough = np.arange(1, len(order) + 1) >= min(MIN_ACCEPTED, len(order))
    reached = np.flatnonzero((precision >= target) & last_of_ties & enough)
    return float(sorted_confidence[reached[-1]]) if len(reached) else NEVER


def calibrate(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    departments: Departments,
    target_precision: float,
    fitted_on: dict[str, str | int],
) -> Calibration:
    """Fit temperature, then threshold, on products the model did not learn from."""
    temperature = fit_temperature(logits, labels)
    likely = probabilities(logits, temperature)
    correct = likely.argmax(axis=1) == labels
    return Calibration(
        departments=departments.fingerprint,
        temperature=temperature,
        threshold=review_threshold(likely.max(axis=1), correct, target_precision),
        target_precision=target_precision,
        fitted_on=fitted_on | {"rows": len(labels)},
    )


def save_calibration(calibration: Calibration, file: Path) -> None:
    """Write calibration.json."""
    write_text(file, calibration.model_dump_json(indent=2) + "\n")


def load_calibration(file: Path, departments: Departments) -> Calibration:
    """Read calibration.json.

    Raises:
        ArtifactError: it is missing, broken, or of another label set.
    """
    try:
        calibration = Calibration.model_validate(read_json(file))
    except ValidationError as error:
        problem = f"{file} is not a calibration ({str(error).splitlines()[0]})"
        raise ArtifactError(problem, "train again") from None
    if calibration.departments != departments.fingerprint:
        raise ArtifactError(f"{file} is of another label set", "train again")
    return calibration

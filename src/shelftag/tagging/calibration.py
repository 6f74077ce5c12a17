"""Making confidences mean what they say: what `train` fits on validation, and others only read.

logits --scaling chosen--> probabilities --> thresholds: certified, nominal
                                '----------> candidates' bound
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from shelftag.artifacts import read_json, write_text
from shelftag.catalog.departments import Departments
from shelftag.config.train import TrainConfig
from shelftag.errors import ArtifactError, TrainingFailed
from shelftag.evaluation.selective import NEVER, accepted
from shelftag.tagging.abstention import certified_threshold, nominal_threshold
from shelftag.tagging.candidates import fit_bound
from shelftag.tagging.held_out import MIN_ROWS, Tried, choose_scaling, tried
from shelftag.tagging.scaling import Scaling, probabilities


class Calibration(Scaling):
    """calibration.json: all that `tag` and `serve` know about trust."""

    version: int = Field(default=2, le=2)
    """1 had one temperature, the nominal threshold as `threshold`, and no candidates."""
    departments: str
    """Fingerprint of the label set."""
    way: str = "temperature"
    """How logits become probabilities; one of `tried`, or `none` where examples are too few."""
    tried: tuple[Tried, ...] = ()
    """All ways that were tried on held-out folds; empty where examples are too few."""
    threshold: float
    """Tags of a lower confidence are for review. Since version 2 a certified one: on products like
    those of `fitted_on`, precision at or above it is `target_precision`, with 95% confidence."""
    nominal_threshold: float | None = None
    """The smallest that reaches the target on `fitted_on`, where it was searched for."""
    coverage: float | None = None
    """Share of `fitted_on` at or above the threshold, by held-out confidences."""
    nominal_coverage: float | None = None
    """The same of the nominal one."""
    thresholds: dict[str, float] = Field(default={})
    """By department, where one has its own; `train` writes none."""
    target_precision: float
    """What both thresholds were set for."""
    candidates_level: float | None = None
    """How often a product's candidates hold its department; none in version 1."""
    candidates_bound: float | None = None
    """The probability from which a department is a candidate."""
    fitted_on: dict[str, str | int]
    """Dataset fingerprint, split protocol, split and rows."""

    @property
    def too_few(self) -> bool:
        """Whether there were too few examples to fit anything."""
        return self.version > 1 and not self.tried

    @property
    def summary(self) -> str:
        """Lines for people: how it was calibrated, and what can be tagged without a look."""
        return f"calibration: {self.how}\n{self.review}"

    @property
    def how(self) -> str:
        """The way, and why."""
        rows = int(self.fitted_on.get("rows", 0))
        if self.too_few and rows < MIN_ROWS:
            return f"none, as {rows} validation products are under {MIN_ROWS}"
        best = f", chosen of {len(self.tried)} on held-out folds" if self.tried else ""
        return self.way + best

    @property
    def review(self) -> str:
        """What the thresholds do, on validation, and how to take the nominal one."""
        target = f"a precision of {self.target_precision:g}"
        certified = (
            f"confidence {self.threshold!r} is certified for {target}: {self.coverage or 0:.1%} "
            "of validation need no review"
        )
        if self.version == 1:
            return f"confidence {self.threshold!r} is set for {target}, nominally"
        if self.threshold >= NEVER:
            certified = f"no confidence is certified for {target}: all is for review"
        if self.nominal_threshold is None or self.nominal_threshold >= NEVER:
            return f"{certified}\nno confidence reaches {target} on validation"
        return (
            f"{certified}\nnominal, not certified: {self.nominal_threshold!r}, "
            f"{self.nominal_coverage or 0:.1%} of validation "
            f"(tagging.threshold={self.nominal_threshold!r} takes it)"
        )


def calibrate(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    departments: Departments,
    train: TrainConfig,
    fitted_on: dict[str, str | int],
) -> Calibration:
    """Fit probabilities, then thresholds and candidates, on products the model did not learn from.

    Raises:
        TrainingFailed: logits are not finite.
    """
    check_finite(logits)
    way, scaling, held = choose_scaling(logits, labels)
    likely = probabilities(logits, scaling)
    confidence, correct = likely.max(axis=1), likely.argmax(axis=1) == labels
    truths = likely[np.arange(len(labels)), labels].astype(np.float64)
    if held:  # a row's own label must not have moved it: what follows would flatter itself
        confidence, truths = held[way].confidences, held[way].truths
    certified = certified_threshold(confidence, correct, train.target_precision)
    nominal = nominal_threshold(confidence, correct, train.target_precision)
    return Calibration(
        **scaling.model_dump(),
        departments=departments.fingerprint,
        way=way,
        tried=tuple(tried(name, one) for name, one in held.items()),
        threshold=certified,
        nominal_threshold=nominal,
        coverage=float(accepted(confidence, certified).mean()),
        nominal_coverage=float(accepted(confidence, nominal).mean()),
        target_precision=train.target_precision,
        candidates_level=train.candidates_level,
        candidates_bound=fit_bound(truths, train.candidates_level),
        fitted_on=fitted_on | {"rows": len(labels)},
    )


def check_finite(logits: NDArray[np.float32]) -> None:
    """Refuse to calibrate on what is not a number.

    Raises:
        TrainingFailed: logits are not finite.
    """
    broken = int((~np.isfinite(logits).all(axis=1)).sum())
    if broken:
        problem = f"the logits of {broken:,} of {len(logits):,} validation products are not finite"
        raise TrainingFailed(problem, "train with a lower train.learning_rate, or with bf16")


def save_calibration(calibration: Calibration, file: Path) -> None:
    """Write calibration.json."""
    write_text(file, calibration.model_dump_json(indent=2) + "\n")


def load_calibration(file: Path, departments: Departments) -> Calibration:
    """Read calibration.json, of this version or the one before.

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

"""What `train` writes, and what later readers make of it."""

from pathlib import Path

import numpy as np
import pytest

from shelftag.artifacts import read_json, write_json
from shelftag.catalog.departments import Departments
from shelftag.config.train import TrainConfig
from shelftag.errors import ArtifactError, TrainingFailed
from shelftag.evaluation.selective import NEVER
from shelftag.tagging.calibration import Calibration, calibrate, load_calibration, save_calibration
from shelftag.tagging.scaling import Scaling, probabilities
from tests.tagging.made_logits import draw, made_logits

FIVE = Departments(tuple("abcde"))
FIRST_VERSION = {
    "version": 1,
    "departments": FIVE.fingerprint,
    "temperature": 2.0,
    "threshold": 0.9,
    "thresholds": {},
    "target_precision": 0.98,
    "fitted_on": {"split": "valid", "rows": 4_000},
}


def fitted(rows: int, target: float = 0.9) -> Calibration:
    logits = made_logits(0, rows)
    labels = draw(logits, Scaling(temperature=2.0), 0)
    return calibrate(logits, labels, FIVE, TrainConfig(target_precision=target), {"split": "v"})


def test_all_that_was_fitted_reads_back(tmp_path: Path) -> None:
    calibration = fitted(2_000)
    save_calibration(calibration, tmp_path / "calibration.json")
    assert load_calibration(tmp_path / "calibration.json", FIVE) == calibration
    stored = read_json(tmp_path / "calibration.json")
    assert (stored["version"], stored["fitted_on"]) == (2, {"split": "v", "rows": 2_000})
    assert stored["way"] in [one["way"] for one in stored["tried"]]
    assert stored["candidates_level"] == 0.95
    assert 0 < stored["candidates_bound"] < 0.5


def test_the_certified_threshold_is_the_stricter_and_both_are_said() -> None:
    calibration = fitted(3_000)
    assert calibration.nominal_threshold is not None
    assert calibration.nominal_threshold < calibration.threshold < NEVER
    assert calibration.coverage < calibration.nominal_coverage  # type: ignore[operator]
    said = calibration.summary
    assert f"{calibration.threshold!r} is certified for a precision of 0.9" in said
    assert f"tagging.threshold={calibration.nominal_threshold!r} takes it" in said
    assert f"{calibration.way}, chosen of 5" in said


def test_too_few_examples_are_said() -> None:
    calibration = fitted(60)
    assert calibration.too_few
    assert (calibration.way, calibration.temperature) == ("none", 1.0)
    assert "calibration: none, as 60 validation products are under 100" in calibration.summary
    assert "all is for review" in calibration.summary


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_with_its_rows(bad: float) -> None:
    logits = made_logits(0, 200)
    logits[3, 1] = logits[3, 2] = logits[7, 0] = bad
    with pytest.raises(TrainingFailed, match="logits of 2 of 200 validation products"):
        calibrate(logits, np.zeros(200, np.int64), FIVE, TrainConfig(), {})


def test_a_run_of_the_first_version_is_what_it_was(tmp_path: Path) -> None:
    write_json(tmp_path / "calibration.json", FIRST_VERSION)
    old = load_calibration(tmp_path / "calibration.json", FIVE)
    logits = made_logits(0, 50)
    scaled = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities(logits, old), scaled, rtol=1e-5)
    assert (old.threshold, old.candidates_bound, old.too_few) == (0.9, None, False)
    assert "nominally" in old.review


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": 3}, "not a calibration"),
        ({"more": 1}, "not a calibration"),
        ({"departments": "f" * 32}, "another label set"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    write_json(tmp_path / "calibration.json", FIRST_VERSION | change)
    with pytest.raises(ArtifactError, match=problem):
        load_calibration(tmp_path / "calibration.json", FIVE)

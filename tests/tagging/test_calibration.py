"""Confidences mean what they say, and the threshold keeps its promise on what it was set on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.catalog.departments import Departments
from shelftag.tagging.calibration import (
    NEVER,
    calibrate,
    fit_temperature,
    probabilities,
    review_threshold,
)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_a_sample_is_found(temperature: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(20_000, 5)).astype(np.float32) * 2
    cumulative = probabilities(true, 1.0).cumsum(axis=1)
    labels = (rng.random((len(true), 1)) > cumulative).sum(axis=1).clip(max=4)
    assert fit_temperature(true * temperature, labels) == pytest.approx(temperature, rel=0.05)


@given(st.integers(0, 2**31), st.integers(1, 400), st.floats(0.05, 0.95))
def test_the_threshold_is_the_smallest_that_reaches_the_target(
    seed: int, n: int, target: float
) -> None:
    rng = np.random.default_rng(seed)
    confidence = np.round(rng.random(n), 2).astype(np.float32)  # with ties
    correct = rng.random(n) < confidence
    threshold = review_threshold(confidence, correct, target)
    if threshold == NEVER:
        return
    accepted = confidence >= threshold
    assert correct[accepted].mean() >= target
    for lower in np.unique(confidence[confidence < threshold]):
        assert correct[confidence >= lower].mean() < target


def test_a_target_out_of_reach_sends_all_to_review() -> None:
    confidence = np.linspace(0.1, 0.9, 100, dtype=np.float32)
    assert review_threshold(confidence, np.zeros(100, dtype=bool), 0.98) == NEVER


def test_calibration_names_its_label_set() -> None:
    departments = Departments(("a", "b"))
    logits = np.array([[2, 0], [0, 2], [3, 0]], dtype=np.float32)
    fitted = calibrate(logits, np.array([0, 1, 1]), departments, 0.9, {"split": "valid"})
    assert fitted.departments == departments.fingerprint
    assert fitted.fitted_on == {"split": "valid", "rows": 3}

"""Calibration error, reliability, coverage."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.evaluation.confidence import BINS, calibration_error, confidence_of, reliability

# few levels, so that many rows are of equal confidence
rows = st.lists(
    st.tuples(st.sampled_from([0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=80
)


@given(rows)
def test_bins_hold_every_row_in_order_and_in_equal_parts(made: list[tuple[float, bool]]) -> None:
    confidences, correct = _arrays(made)
    bins = reliability(confidences, correct)
    sizes = [one.rows for one in bins]
    assert sum(sizes) == len(made)
    assert len(bins) == min(BINS, len(made))
    assert max(sizes) - min(sizes) <= 1
    assert all(a.confidence <= b.confidence for a, b in pairwise(bins))
    right = sum(one.rows * one.accuracy for one in bins)
    assert right == pytest.approx(correct.sum())


@given(rows, st.integers(0, 99))
def test_order_of_rows_changes_nothing(made: list[tuple[float, bool]], seed: int) -> None:
    shuffled = [made[row] for row in np.random.default_rng(seed).permutation(len(made))]
    assert reliability(*_arrays(shuffled)) == reliability(*_arrays(made))


def test_calibration_error_of_known_cases() -> None:
    honest = _arrays([(0.75, True)] * 3 + [(0.75, False)])
    assert calibration_error(reliability(*honest)) == pytest.approx(0, abs=1e-9)
    boast = _arrays([(1.0, False)] * 20)
    assert calibration_error(reliability(*boast)) == pytest.approx(1)
    mixed = _arrays([(0.5, True)] * 30 + [(1.0, True)] * 30)
    assert calibration_error(reliability(*mixed)) == pytest.approx(0.25)


def test_calibrated_confidences_show_what_chance_leaves() -> None:
    """With 4,411 rows chance alone leaves an error of about 0.015."""
    chance = np.random.default_rng(0)
    errors = []
    for _ in range(20):
        confidences = chance.beta(5, 1, 4_411).astype(np.float32)
        errors.append(
            calibration_error(reliability(confidences, chance.random(4_411) < confidences))
        )
    assert 0.008 < np.mean(errors) < 0.021


def test_coverage_and_precision_count_rows_at_the_threshold() -> None:
    confidences, correct = _arrays([(0.25, True), (0.5, False), (0.5, True), (0.75, True)])
    found = confidence_of(confidences, correct, threshold=0.5)
    assert found.coverage == 0.75
    assert found.precision == pytest.approx(2 / 3)


def test_nothing_over_the_threshold_has_no_precision() -> None:
    found = confidence_of(*_arrays([(0.5, True)]), threshold=0.9)
    assert (found.coverage, found.precision) == (0.0, None)


def _arrays(made: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    confidences, correct = zip(*made, strict=True)
    return np.array(confidences, np.float32), np.array(correct)

"""One row a model."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shelftag.evaluation.models import FREE, LINEAR, OURS, ModelRow, cost_of, model_row
from tests.evaluation.made import scope

LABELS = np.array([0, 1, 2, 0] * 25)
BOUGHT = np.arange(100)


def _row(
    model: str, chosen: NDArray[np.int64], linear: NDArray[np.int64] | None = None
) -> ModelRow:
    rows = scope(rows=100)
    return model_row(model, chosen, LABELS if linear is None else linear, LABELS, BOUGHT, rows)


def test_the_difference_is_against_the_linear_baseline() -> None:
    half = np.where(np.arange(100) % 2, LABELS, (LABELS + 1) % 3)
    assert _row(LINEAR, LABELS).difference is None
    assert _row(LINEAR, LABELS).outcome is None
    worse = _row(OURS, half)
    assert worse.difference is not None
    assert worse.difference.accuracy == pytest.approx(-0.5)
    assert worse.outcome == "worse"
    assert _row(OURS, LABELS, half).outcome == "better"
    assert _row(OURS, LABELS).outcome == "even"


def test_an_answer_without_a_department_is_a_mistake() -> None:
    chosen = np.where(np.arange(100) < 10, -1, LABELS)
    row = _row(FREE, chosen)
    assert row.accuracy == pytest.approx(0.9)
    assert (row.macro_f1, row.purchase_accuracy) == (None, None)


def test_a_cost_is_hours_times_price() -> None:
    cost = cost_of(names=500, seconds=0.5, peak_bytes=10, price_per_hour=3.6)
    assert cost.names_per_s == 1_000
    assert cost.hours_per_million == pytest.approx(1_000 / 3_600)
    assert cost.per_million == pytest.approx(1.0)

"""Intervals: of the figures scikit-learn computes, and as wide as the binomial says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from shelftag.evaluation.resampled import accuracies, draw, estimate, macro_f1s


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(2, 40), st.integers(1, 3), st.integers(2, 5))
def test_first_draw_is_the_plain_score(seed: int, rows: int, models: int, departments: int) -> None:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, departments, rows)
    chosen = chance.integers(0, departments, (models, rows))
    draws = draw(rows, models, seed)
    f1s = [f1_score(labels, c, labels=np.unique(labels), average="macro") for c in chosen]
    assert accuracies(chosen, labels, draws)[0] == pytest.approx((chosen == labels).mean())
    assert macro_f1s(chosen, labels, departments, draws)[0] == pytest.approx(np.mean(f1s), abs=1e-6)
    assert np.isfinite(macro_f1s(chosen, labels, departments, draws)).all()


def test_interval_of_one_model_is_the_binomial_one() -> None:
    labels = np.zeros(1_000, np.int64)
    chosen = (np.arange(1_000) >= 800).astype(np.int64)[None]
    found = estimate(accuracies(chosen, labels, draw(1_000, 1, seed=0)))
    assert found.value == pytest.approx(0.8)
    assert found.high - found.low == pytest.approx(4 * np.sqrt(0.8 * 0.2 / 1_000), rel=0.15)


def test_models_that_differ_widen_it() -> None:
    labels = np.zeros(1_000, np.int64)
    alike = np.tile((np.arange(1_000) >= 800).astype(np.int64), (3, 1))
    apart = np.stack([(np.arange(1_000) >= right).astype(np.int64) for right in (700, 800, 900)])
    one, other = (estimate(accuracies(c, labels, draw(1_000, 3, seed=0))) for c in (alike, apart))
    assert other.value == pytest.approx(one.value)
    assert other.high - other.low > 1.5 * (one.high - one.low)

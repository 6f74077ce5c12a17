"""The paired bootstrap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.evaluation.difference import paired_difference


def test_agrees_with_a_bootstrap_done_the_long_way() -> None:
    chance = np.random.default_rng(1)
    model, baseline = chance.random(800) < 0.85, chance.random(800) < 0.8
    found = paired_difference(model, baseline, seed=0)
    gaps = model.astype(float) - baseline
    draws = [gaps[chance.integers(0, 800, 800)].mean() for _ in range(2_000)]
    assert found.accuracy == pytest.approx(gaps.mean())
    assert [found.low, found.high] == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.006)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200))
def test_interval_holds_the_difference(rows: list[tuple[bool, bool]]) -> None:
    model, baseline = np.array(rows).T
    found = paired_difference(model, baseline, seed=0)
    assert -1 <= found.low <= found.accuracy + 1e-9
    assert found.accuracy - 1e-9 <= found.high <= 1
    assert found.accuracy == pytest.approx((found.model_only - found.baseline_only) / len(rows))


def test_equal_models_differ_by_nothing() -> None:
    right = np.array([True, False, True])
    found = paired_difference(right, right, seed=0)
    assert (found.accuracy, found.low, found.high) == (0, 0, 0)


def test_same_seed_same_interval() -> None:
    model, baseline = np.random.default_rng(0).random((2, 500)) < 0.8
    assert paired_difference(model, baseline, 3) == paired_difference(model, baseline, 3)
    assert paired_difference(model, baseline, 3) != paired_difference(model, baseline, 4)

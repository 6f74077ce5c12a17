"""One distribution for each product, and the department chosen is never another one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tagging.scaling import IDENTITY, Scaling, probabilities
from shelftag.tagging.ways import MIN_CHOSEN, WAYS, fit_temperature, fit_temperatures, fit_trusts
from tests.tagging.made_logits import draw, made_logits

weights = st.floats(-3, 3)
SCALINGS = st.builds(
    Scaling,
    temperature=st.floats(0.05, 20),
    temperatures=st.sampled_from([(), (0.1, 1.0, 5.0)]),
    trust=st.none() | st.tuples(weights, weights, weights, weights),
    others=st.floats(0.05, 20),
    trusts=st.sampled_from([(), (-2.0, 0.0, 2.0)]),
)


@given(st.integers(0, 999), SCALINGS, st.sampled_from([0.01, 1.0, 300.0]))
def test_rows_sum_to_1_and_the_choice_stays(seed: int, scaling: Scaling, scale: float) -> None:
    logits = (scale * np.random.default_rng(seed).normal(size=(20, 3))).astype(np.float32)
    likely = probabilities(logits, scaling)
    np.testing.assert_allclose(likely.sum(axis=1), 1, atol=1e-5)
    assert (likely >= 0).all()
    assert (likely[np.arange(20), logits.argmax(axis=1)] == likely.max(axis=1)).all()


def test_trust_that_changes_nothing_changes_nothing() -> None:
    logits = made_logits(0, 200)
    np.testing.assert_allclose(
        probabilities(logits, Scaling(trust=IDENTITY)), probabilities(logits, Scaling()), atol=2e-6
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_a_sample_is_found(temperature: float) -> None:
    true = made_logits(0, 20_000, scale=0.7)
    found = fit_temperature(true * temperature, draw(true, Scaling(), 0))
    assert found.temperature == pytest.approx(temperature, rel=0.06)


def test_departments_get_their_own_where_they_are_chosen_often() -> None:
    logits = made_logits(1, 8_000)
    chosen = logits.argmax(axis=1)
    rare = np.flatnonzero(chosen == 2)[MIN_CHOSEN - 1 :]
    logits = np.delete(logits, rare, axis=0)
    truth = Scaling(temperatures=(0.5, 2.0, 2.0, 1.0, 1.0))
    found = fit_temperatures(logits, draw(logits, truth, 1))
    assert found.temperatures[0] < 0.7
    assert found.temperatures[1] > 1.5
    assert found.temperatures[2] == found.temperature


def test_trust_of_a_sample_is_found() -> None:
    logits = made_logits(2, 20_000, scale=1.0)
    truth = Scaling(trust=(0.5, 1.5, -0.6, 0.0), trusts=(0.5, -0.5, 0.0, 0.0, 0.0))
    found = probabilities(logits, fit_trusts(logits, draw(logits, truth, 2)))
    assert abs(found.max(axis=1) - probabilities(logits, truth).max(axis=1)).mean() < 0.01


@settings(max_examples=10)
@given(st.integers(0, 50), st.sampled_from(list(WAYS)))
def test_whatever_is_fitted_is_a_distribution(seed: int, way: str) -> None:
    logits = made_logits(seed, 120)
    labels = np.zeros(120, np.int64)  # all of one department, which is hardly ever chosen
    likely = probabilities(logits, WAYS[way](logits, labels))
    assert np.isfinite(likely).all()
    np.testing.assert_allclose(likely.sum(axis=1), 1, atol=1e-5)

"""Two models together are at least as good as one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tagging.ensemble import LOWEST, fit_weight, joined
from shelftag.tagging.scaling import Scaling, probabilities


def made(seed: int, helpful: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, weak logits, and margins that know `helpful` of the label."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 400)
    truth = np.eye(4)[labels]
    logits = (truth + rng.normal(size=truth.shape)).astype(np.float32)
    margins = (helpful * truth + rng.normal(size=truth.shape)).astype(np.float32)
    return labels, logits, margins


def brier(scores: np.ndarray, labels: np.ndarray) -> float:
    """The score at its best temperature."""
    truth = np.eye(scores.shape[1])[labels]
    scalings = [Scaling(temperature=t) for t in np.geomspace(0.05, 20, 200)]
    return min(
        float(((probabilities(scores, s) - truth) ** 2).sum(axis=1).mean()) for s in scalings
    )


@settings(max_examples=25)
@given(st.integers(0, 50), st.floats(0, 2))
def test_the_fitted_weight_never_makes_it_worse(seed: int, helpful: float) -> None:
    labels, logits, margins = made(seed, helpful)
    together = joined(logits, margins, fit_weight(logits, margins, labels))
    assert brier(together, labels) <= brier(logits, labels) + 1e-3


def test_a_helpful_model_gets_weight_and_noise_hardly_any() -> None:
    labels, logits, margins = made(1, 1.0)
    assert 0.7 < fit_weight(logits, margins, labels) < 1.4
    labels, logits, noise = made(1, 0.0)
    assert fit_weight(logits, noise, labels) < 0.15


def test_a_department_the_linear_model_never_saw_is_left_to_the_other() -> None:
    labels, logits, margins = made(2, 1.0)
    margins[:, 3] = -np.inf
    weight = fit_weight(logits, margins, labels)
    assert np.isfinite(joined(logits, margins, weight)).all()
    assert (joined(logits, margins, 0.0) == logits).all()
    assert joined(logits, margins, 1.0)[0, 3] == logits[0, 3] + LOWEST

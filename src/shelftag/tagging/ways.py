"""The ways to calibrate, from the simplest on: each fits a Scaling to logits and labels.

- One temperature: Guo et al. 2017 (https://arxiv.org/abs/1706.04599).
- Temperatures by department chosen, shrunk towards the common one.
- Trust: a logistic regression of "the department chosen is right". Over the logarithms of c and
  1 - c that is beta calibration (Kull et al. 2017, https://proceedings.mlr.press/v54/kull17a.html)
  of the confidence, as in Gupta and Ramdas 2022 (https://arxiv.org/abs/2107.08353) for the label
  chosen only; how far the next department is ahead of the others says more, and so does which one
  is chosen. Weights are shrunk towards those that change nothing. The others share what is left
  by a temperature of their own.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from shelftag.tagging.scaling import IDENTITY, Scaling, log_losses, others_of, trust_features

MIN_CHOSEN = 100
"""Rows in which a department is chosen, below which it has no temperature of its own."""

MIN_WRONG = 30
"""Rows chosen wrongly, below which the others have no temperature of their own."""

SPREAD = 0.25
"""How far a department's temperature is expected from the common one, in its logarithm: the
standard deviation of the prior that shrinks it."""

WEIGHT_SPREAD = 1.0
"""The same for the weights of trust, from `IDENTITY`."""

DEPARTMENT_SPREAD = 0.5
"""The same for what a department adds to the log-odds, from 0."""

Fit = Callable[[NDArray[np.float32], NDArray[np.int64]], Scaling]
"""Logits [n, departments] and labels [n] to a Scaling."""


def fit_nothing(_: NDArray[np.float32], __: NDArray[np.int64]) -> Scaling:
    """The probabilities that the model was trained to give."""
    return Scaling()


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Scaling:
    """The temperature of the least mean log loss, between 1/20 and 20."""

    def loss(temperature: float) -> float:
        return float(log_losses(logits, labels, Scaling(temperature=temperature)).mean())

    return Scaling(temperature=_least(loss))


def fit_temperatures(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Scaling:
    """One temperature, and one of its own for each department that is chosen often enough."""
    common, chosen = fit_temperature(logits, labels).temperature, logits.argmax(axis=1)
    own = [common] * logits.shape[1]
    for department in range(logits.shape[1]):
        rows = chosen == department
        if rows.sum() >= MIN_CHOSEN:
            own[department] = _shrunk(logits[rows], labels[rows], common)
    return Scaling(temperature=common, temperatures=tuple(own))


def fit_trust(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Scaling:
    """One temperature, then the confidence by itself, and the others by themselves."""
    common = fit_temperature(logits, labels)
    weights, _ = _fit_weights(logits, labels, common, by_department=False)
    others = fit_others(logits, labels, common.temperature)
    return common.model_copy(update={"trust": weights, "others": others})


def fit_trusts(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Scaling:
    """The same, and by department chosen."""
    common = fit_temperature(logits, labels)
    weights, added = _fit_weights(logits, labels, common, by_department=True)
    others = fit_others(logits, labels, common.temperature)
    return common.model_copy(update={"trust": weights, "trusts": added, "others": others})


def fit_others(logits: NDArray[np.float32], labels: NDArray[np.int64], common: float) -> float:
    """The temperature at which the others' shares are likeliest where the choice is wrong.

    With few wrong rows, the common one.
    """
    chosen = logits.argmax(axis=1)
    wrong = np.flatnonzero(chosen != labels)
    if len(wrong) < MIN_WRONG:
        return common
    scores, every = logits[wrong].astype(np.float64), np.arange(len(wrong))

    def loss(temperature: float) -> float:
        own = others_of(scores / temperature, chosen[wrong])[every, labels[wrong]]
        return float(-np.log(np.maximum(own, 1e-12)).mean())

    return _least(loss)


WAYS: dict[str, Fit] = {
    "none": fit_nothing,
    "temperature": fit_temperature,
    "temperature by department": fit_temperatures,
    "trust": fit_trust,
    "trust by department": fit_trusts,
}


def _shrunk(logits: NDArray[np.float32], labels: NDArray[np.int64], common: float) -> float:
    """The likeliest temperature, where its logarithm is normally distributed about the common."""

    def loss(temperature: float) -> float:
        far = np.log(temperature / common) / SPREAD
        own = log_losses(logits, labels, Scaling(temperature=temperature)).sum()
        return float(own + far**2 / 2)

    return _least(loss)


def _least(loss: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(lambda log: loss(float(np.exp(log))), bounds=(-3, 3), method="bounded")
    return float(np.exp(found.x))


def _fit_weights(
    logits: NDArray[np.float32], labels: NDArray[np.int64], scaling: Scaling, *, by_department: bool
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Weights of `trust_features`, and of the departments chosen, of the likeliest regression."""
    from scipy.optimize import minimize

    chosen = logits.argmax(axis=1)
    features = trust_features(logits.astype(np.float64) / scaling.temperature, chosen)
    if by_department:
        features = np.hstack([features, np.eye(logits.shape[1])[chosen]])
    centre, spread = np.zeros(features.shape[1]), np.full(features.shape[1], DEPARTMENT_SPREAD)
    centre[: len(IDENTITY)], spread[: len(IDENTITY)] = IDENTITY, WEIGHT_SPREAD
    right = chosen == labels

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_odds, far = features @ weights, (weights - centre) / spread
        sure = 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
        value = np.logaddexp(0, np.where(right, -log_odds, log_odds)).sum() + (far**2).sum() / 2
        return float(value), features.T @ (sure - right) + far / spread

    found = minimize(loss, centre, jac=True, method="L-BFGS-B").x.tolist()
    return tuple(found[: len(IDENTITY)]), tuple(found[len(IDENTITY) :])

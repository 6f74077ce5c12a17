"""From logits to probabilities.

    logits / temperature --softmax--> probabilities
                                           |
    if trust is fitted:  confidence c of the one chosen --trust--> its probability
                         the others --softmax by a temperature of their own--> the rest

The department chosen is that of the widest logit, whatever is fitted.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

IDENTITY = (0.0, 1.0, -1.0, 0.0)
"""The trust that leaves a confidence as it is."""

AHEAD = 1e-6
"""The department chosen stays so much likelier than the next, at least."""


class Scaling(BaseModel):
    """How logits become probabilities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = 1.0
    """Logits are divided by it."""
    temperatures: tuple[float, ...] = ()
    """By department chosen, in the order of the departments; empty where the one is for all."""
    trust: tuple[float, float, float, float] | None = None
    """Weights of 1, log c, log(1 - c) and log r, whose sum is the log-odds of the confidence; c is
    the softmax of the department chosen, r the share of the rest that the next one has."""
    trusts: tuple[float, ...] = ()
    """By department chosen, what is added to those log-odds; empty where nothing is."""
    others: float = 1.0
    """With `trust`, the temperature at which the others share the rest."""


def probabilities(logits: NDArray[np.float32], scaling: Scaling) -> NDArray[np.float32]:
    """Calibrated, [n, departments]; rows sum to 1."""
    scaled = logits.astype(np.float64) / _temperature_of_rows(logits, scaling)
    if scaling.trust is None:
        return np.asarray(_softmax(scaled), np.float32)
    chosen = logits.argmax(axis=1)
    others = others_of(logits / scaling.others, chosen)
    added = np.array(scaling.trusts)[chosen] if scaling.trusts else 0.0
    log_odds = trust_features(scaled, chosen) @ np.array(scaling.trust) + added
    next_best = others.max(axis=1)
    confidence = np.exp(-np.logaddexp(0, -log_odds))
    confidence = np.maximum(confidence, next_best / (1 + next_best) + AHEAD)
    out = (1 - confidence)[:, None] * others
    out[np.arange(len(out)), chosen] = confidence
    return np.asarray(out, np.float32)


def others_of(scaled: NDArray[np.floating], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """The others' shares of the rest, [n, departments]: 0 for the one chosen, rows sum to 1."""
    without = scaled.astype(np.float64)
    without[np.arange(len(without)), chosen] = -np.inf
    return _softmax(without)


def trust_features(scaled: NDArray[np.float64], chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """1, log c, log(1 - c) and log r, [n, 4]; exact however sure the model is."""
    rows = np.arange(len(scaled))
    without = scaled.copy()
    without[rows, chosen] = -np.inf
    highest = without.max(axis=1)
    rest = highest + np.log(np.exp(without - highest[:, None]).sum(axis=1))
    log_odds = scaled[rows, chosen] - rest
    unlikely, likely = np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds)
    return np.stack([np.ones(len(rows)), -unlikely, -likely, highest - rest], axis=1)


def log_losses(
    logits: NDArray[np.float32], labels: NDArray[np.int64], scaling: Scaling
) -> NDArray[np.float64]:
    """Negative log-likelihood of each label, [n], in nats; a probability of 0 counts as 1e-12."""
    likely = probabilities(logits, scaling)[np.arange(len(labels)), labels]
    return -np.log(np.maximum(likely.astype(np.float64), 1e-12))


def _temperature_of_rows(
    logits: NDArray[np.float32], scaling: Scaling
) -> float | NDArray[np.float64]:
    if not scaling.temperatures:
        return scaling.temperature
    own = np.array(scaling.temperatures, np.float64)
    return own[logits.argmax(axis=1), None]


def _softmax(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares

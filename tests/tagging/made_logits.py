"""Worlds whose truth is known: logits, and labels that are as likely as they say."""

import numpy as np
from numpy.typing import NDArray

from shelftag.tagging.scaling import Scaling, probabilities

Drawn = tuple[NDArray[np.float32], NDArray[np.int64]]


def made_logits(seed: int, n: int, departments: int = 5, scale: float = 2.0) -> NDArray[np.float32]:
    """[n, departments], of which one stands out, more or less."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, departments))
    logits[np.arange(n), rng.integers(0, departments, n)] += scale * rng.gamma(3, 1, n)
    return logits.astype(np.float32)


def draw(logits: NDArray[np.float32], truth: Scaling, seed: int) -> NDArray[np.int64]:
    """Labels [n] as likely as the truth says."""
    cumulative = probabilities(logits, truth).astype(np.float64).cumsum(axis=1)
    chance = np.random.default_rng(seed).random((len(logits), 1)) * cumulative[:, -1:]
    return np.asarray((chance > cumulative).sum(axis=1), np.int64)

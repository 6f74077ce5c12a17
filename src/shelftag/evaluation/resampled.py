"""95% intervals by bootstrap, of scores averaged over models trained on other draws.

Products are drawn with replacement, and so are the models (Bouthillier et al. 2021,
https://arxiv.org/abs/2103.03098: both vary). Figures that share their `Draws` are paired: their
difference has an interval too. With three models the second part is a rough one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result

RESAMPLES = 500


class Estimate(Result):
    """A figure and the ends of its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Draws:
    """How often each product and each model counts; the first draw takes everything once."""

    products: NDArray[np.float32]
    """[1 + resamples, products]"""
    models: NDArray[np.float64]
    """Shares, rows sum to 1, [1 + resamples, models]."""


def draw(products: int, models: int, seed: int) -> Draws:
    """Seeded draws with replacement of so many products and models."""
    chance = np.random.default_rng(seed)

    def counts(of: int) -> NDArray[np.int64]:
        drawn = chance.multinomial(of, np.full(of, 1 / of), size=RESAMPLES)
        return np.vstack([np.ones((1, of), np.int64), drawn])

    return Draws(counts(products).astype(np.float32), counts(models) / models)


def accuracies(
    chosen: NDArray[np.int64], labels: NDArray[np.int64], draws: Draws
) -> NDArray[np.float64]:
    """Mean accuracy of choices [models, products] in each draw, [1 + resamples]."""
    right = (chosen == labels).astype(np.float32)
    by_model = draws.products @ right.T / len(labels)
    return np.asarray((by_model * draws.models).sum(axis=1), np.float64)


def macro_f1s(
    chosen: NDArray[np.int64], labels: NDArray[np.int64], departments_count: int, draws: Draws
) -> NDArray[np.float64]:
    """The same of F1 averaged over the departments that the draw has products of."""
    one_hot = np.eye(departments_count, dtype=np.float32)
    truth = one_hot[labels]
    support = draws.products @ truth  # [draws, departments]
    by_model = []
    for choices in chosen:
        right = draws.products @ (truth * (choices == labels)[:, None])
        of_both = support + draws.products @ one_hot[choices]
        f1 = np.divide(2 * right, of_both, out=np.zeros_like(right), where=of_both > 0)
        by_model.append(f1.sum(axis=1) / (support > 0).sum(axis=1))
    return np.asarray((np.stack(by_model, axis=1) * draws.models).sum(axis=1), np.float64)


def estimate(values: NDArray[np.float64]) -> Estimate:
    """The first draw's value, and the quantiles of the others."""
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return Estimate(value=float(values[0]), low=float(low), high=float(high))

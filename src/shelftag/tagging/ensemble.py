"""The Llama and the linear model of aisles together: logits plus weighted margins.

They err on different names, so that the two are better than either (README, results). That is
logistic stacking (Wolpert 1992, https://doi.org/10.1016/S0893-6080(05)80023-1) with one weight,
fitted on products neither has learned from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.model.linear_aisles import AisleModel
from shelftag.tagging.scorer import Scorer

LOWEST = -10.0
"""Stands for the margin of a department without training rows, which the linear model never
chooses: the Llama may still."""


@dataclass(frozen=True)
class Ensemble:
    """A Scorer whose logits are helped by the linear model's margins."""

    scorer: Scorer
    linear: AisleModel
    weight: float

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), departments], in the order of the texts.

        Departments added after training have margin 0: to the linear model a product is neither
        in them nor out.
        """
        logits, margins = self.scorer.logits(texts), self.linear.decision(texts)
        new = logits.shape[1] - margins.shape[1]
        return joined(logits, np.pad(margins, ((0, 0), (0, new))), self.weight)


def joined(
    logits: NDArray[np.float32], margins: NDArray[np.float32], weight: float
) -> NDArray[np.float32]:
    """Logits [n, departments] plus `weight` times the margins."""
    return np.asarray(logits + weight * np.maximum(margins, LOWEST), np.float32)


def fit_weight(
    logits: NDArray[np.float32], margins: NDArray[np.float32], labels: NDArray[np.int64]
) -> float:
    """The weight of the least Brier score, whatever the temperature; 0 or more.

    By likelihood, the few labels that both models find absurd would decide; in catalogs those
    are mostly wrong labels. The Brier score bounds what one row can cost.

    Args:
        logits: [n, departments], of products that neither model learned from.
        margins: [n, departments], the linear model's.
        labels: [n], positions.
    """
    from scipy.optimize import minimize
    from scipy.special import softmax

    features = np.stack([logits, np.maximum(margins, LOWEST)]).astype(np.float64)
    truth = np.eye(logits.shape[1])[labels]

    def brier(scales: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        likely = softmax(np.tensordot(scales, features, axes=1), axis=1)
        miss = likely - truth
        slope = 2 * likely * (miss - (likely * miss).sum(axis=1, keepdims=True))
        return float((miss**2).sum(axis=1).mean()), (slope * features).sum(axis=2).mean(axis=1)

    bounds = [(1e-3, None), (0.0, None)]
    scale, weight = minimize(brier, np.ones(2), jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(weight / scale)

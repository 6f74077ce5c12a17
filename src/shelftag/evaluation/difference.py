"""One model against another on the same products."""

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result

RESAMPLES = 1_000


class Difference(Result):
    """Accuracy of a model less the baseline's, with what chance alone would do to it."""

    accuracy: float
    """In -1..1; above 0 the model is ahead."""

    low: float
    """Lower end of the 95% interval of a paired bootstrap over products."""

    high: float
    """Upper end of that interval."""

    model_only: int
    """Products that the model alone gets right."""

    baseline_only: int
    """Products that the baseline alone gets right."""

    resamples: int
    """Bootstrap samples drawn."""


def paired_difference(
    correct: NDArray[np.bool_], baseline: NDArray[np.bool_], seed: int
) -> Difference:
    """Compare two models right or wrong on the same products [n], n at least 1.

    A product adds -1, 0 or 1 to the difference, so drawing n products with replacement is one
    multinomial draw over these three: https://en.wikipedia.org/wiki/Bootstrapping_(statistics)
    """
    rows = len(correct)
    model_only = int((correct & ~baseline).sum())
    baseline_only = int((baseline & ~correct).sum())
    shares = np.array([model_only, baseline_only, rows - model_only - baseline_only]) / rows
    draws = np.random.default_rng(seed).multinomial(rows, shares, size=RESAMPLES)
    low, high = np.quantile((draws[:, 0] - draws[:, 1]) / rows, (0.025, 0.975))
    return Difference(
        accuracy=(model_only - baseline_only) / rows,
        low=float(low),
        high=float(high),
        model_only=model_only,
        baseline_only=baseline_only,
        resamples=RESAMPLES,
    )

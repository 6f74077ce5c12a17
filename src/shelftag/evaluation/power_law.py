"""A power law through errors at growing numbers of labels.

    error = floor + reducible * (labels / all labels) ^ -exponent

The usual form of learning curves (Hestness et al. 2017, https://arxiv.org/abs/1712.00409; Viering
and Loog 2021, https://arxiv.org/abs/2103.10948, on when it fails). For each exponent of a grid the
other two are a line's least squares, so that a thousand bootstrap draws are fitted at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXPONENTS = np.linspace(0.05, 1.5, 59)


@dataclass(frozen=True)
class PowerLaws:
    """One law a draw, each [draws]; the floor and what is reducible are 0 or more."""

    floor: NDArray[np.float64]
    reducible: NDArray[np.float64]
    exponent: NDArray[np.float64]

    def errors(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Errors at shares [k] of all labels, [draws, k]."""
        powers = shares[None, :] ** -self.exponent[:, None]
        return np.asarray(self.floor[:, None] + self.reducible[:, None] * powers, np.float64)


def fit_power_laws(shares: NDArray[np.float64], errors: NDArray[np.float64]) -> PowerLaws:
    """Laws through errors [draws, k] at shares [k] of all labels, k at least 3.

    Squared misses weigh by the inverse variance of the draws at each share.
    """
    weights = 1 / np.maximum(errors.var(axis=0), 1e-12)
    weights /= weights.sum()
    fits = [_line(shares**-exponent, errors, weights) for exponent in EXPONENTS]
    best = np.argmin([loss for _, _, loss in fits], axis=0)
    draws = np.arange(len(errors))
    floor, reducible = (np.stack([fit[part] for fit in fits])[best, draws] for part in (0, 1))
    return PowerLaws(floor, reducible, EXPONENTS[best])


def _line(
    x: NDArray[np.float64], errors: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Floor, slope and weighted squared miss of floor + slope * x, neither below 0, [draws]."""
    mean_x, mean = x @ weights, errors @ weights
    slope = np.maximum(((errors - mean[:, None]) * weights) @ (x - mean_x), 0)
    slope /= weights @ (x - mean_x) ** 2
    floor = mean - slope * mean_x
    through_zero = (errors * weights) @ x / (weights @ x**2)
    slope = np.where(floor < 0, through_zero, slope)
    floor = np.maximum(floor, 0)
    misses = errors - floor[:, None] - slope[:, None] * x
    return floor, slope, misses**2 @ weights

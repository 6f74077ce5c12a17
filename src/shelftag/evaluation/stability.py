"""The population stability index: how far one distribution has moved from another.

    PSI = sum over bins of (q - p) ln(q / p),  p the shares of the reference and q those now

Siddiqi, Credit risk scorecards, 2006, who reads below 0.1 as no change and above 0.25 as a large
one. Of two samples of one population it is not 0: it averages about (bins - 1)(1/n + 1/m), see
Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk
Model Validation, 2020. So what chance alone gives is said beside it, and allowed on top.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.scope import Result

SMOOTHING = 0.5
"""Added to the count of each bin, so that an empty one has a logarithm: Krichevsky and Trofimov,
The performance of universal encoding, 1981."""

RESAMPLES = 1_000
CHANCE = 0.95

Verdict = Literal["holds", "cannot tell", "drifts"]


class Stability(Result):
    """One distribution, in the reference and now."""

    measure: str
    bins: tuple[str, ...]
    reference: tuple[int, ...]
    """Products of the reference in each bin."""
    now: tuple[int, ...]

    psi: float
    chance: float
    """What 95% of samples as large as these stay below when nothing has changed."""

    max_psi: float

    @property
    def verdict(self) -> Verdict:
        """`cannot tell`: above `max_psi`, but not by more than chance."""
        if self.psi <= self.max_psi:
            return "holds"
        return "drifts" if self.psi > self.max_psi + self.chance else "cannot tell"


def stability(
    measure: str,
    bins: Sequence[str],
    reference: NDArray[np.int64],
    now: NDArray[np.int64],
    max_psi: float,
    seed: int,
) -> Stability:
    """Compare counts [bins]; both have at least one product."""
    return Stability(
        measure=measure,
        bins=tuple(bins),
        reference=tuple(reference.tolist()),
        now=tuple(now.tolist()),
        psi=float(psi(reference, now)),
        chance=chance_psi(reference, now, seed),
        max_psi=max_psi,
    )


def psi(reference: NDArray[np.int64], now: NDArray[np.int64]) -> NDArray[np.float64]:
    """The index of counts [..., bins]; a bin that is empty in both says nothing."""
    filled = (reference + now) > 0
    p, q = _shares(reference, filled), _shares(now, filled)
    terms = (q - p) * np.log(np.divide(q, p, out=np.ones_like(q), where=filled))
    return np.asarray(terms.sum(axis=-1), np.float64)


def _shares(counts: NDArray[np.int64], filled: NDArray[np.bool_]) -> NDArray[np.float64]:
    smooth = np.where(filled, counts + SMOOTHING, 0.0)
    return np.asarray(smooth / smooth.sum(axis=-1, keepdims=True), np.float64)


def chance_psi(reference: NDArray[np.int64], now: NDArray[np.int64], seed: int) -> float:
    """The 95th percentile of the index of two samples of these sizes from what both are of."""
    pooled = (reference + now) / (reference + now).sum()
    draw = np.random.default_rng(seed).multinomial
    first, second = (draw(counts.sum(), pooled, size=RESAMPLES) for counts in (reference, now))
    return float(np.quantile(psi(first, second), CHANCE))

"""Batch order, a pure function of (seed, epoch, step): a resumed run needs no memory of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW = 20
"""Batches sorted by length together: enough to waste little padding, few enough to stay mixed."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class BatchPlan:
    """Which examples stand in which batch.

    An epoch draws as many examples as there are, by systematic sampling in proportion to their
    weights: with equal weights each exactly once. What does not fill a batch is left out; it is
    another handful each epoch.
    """

    weights: NDArray[np.float64]
    """[n], any scale."""
    lengths: NDArray[np.int64]
    """Tokens of each example, [n]."""
    batch_size: int
    group_by_length: bool
    seed: int

    @property
    def batches_per_epoch(self) -> int:
        """Full batches; at least one, of all examples there are."""
        return max(1, len(self.weights) // self.batch_size)

    def batches(self, first: int = 0, step: int = 1) -> Iterator[Rows]:
        """Batches first, first + step, first + 2 step, ... without end."""
        epoch, batches = -1, list[Rows]()
        position = first
        while True:
            wanted, within = divmod(position, self.batches_per_epoch)
            if wanted != epoch:
                epoch, batches = wanted, self.epoch(wanted)
            yield batches[within]
            position += step

    def epoch(self, epoch: int) -> list[Rows]:
        """The batches of one epoch, in order."""
        rng = np.random.default_rng((self.seed, epoch))
        order = rng.permutation(self._draw(rng))
        size, count = self.batch_size, self.batches_per_epoch
        if self.group_by_length:
            window = WINDOW * size
            parts = [order[i : i + window] for i in range(0, len(order), window)]
            order = np.concatenate([p[np.argsort(self.lengths[p], kind="stable")] for p in parts])
        batches = [order[i * size : (i + 1) * size] for i in range(count)]
        return [batches[i] for i in rng.permutation(count)]

    def _draw(self, rng: np.random.Generator) -> Rows:
        n = len(self.weights)
        if np.ptp(self.weights) == 0:
            return np.arange(n)
        shuffled = rng.permutation(n)  # so that neighbours in the catalog do not exclude each other
        edges = np.cumsum(self.weights[shuffled])
        points = (np.arange(n) + rng.random()) * (edges[-1] / n)
        drawn: Rows = shuffled[np.minimum(np.searchsorted(edges, points, side="right"), n - 1)]
        return drawn

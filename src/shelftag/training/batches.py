"""Batch order, a pure function of (seed, epoch, step): a resumed run needs no memory of it.

    epoch = part, part, ...    one part: the products; or the order lines, a few files a part
    part  = batch, batch, ...  drawn, mixed, sorted by length in windows, cut

Batches have positions 0, 1, 2, ... over all epochs, and rank r of w takes r, r + w, ...
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

WINDOW = 20
"""Batches sorted by length together: enough to waste little padding, few enough to stay mixed."""

Rows = NDArray[np.int64]


class Plan(Protocol):
    """Which examples stand in which batch."""

    @property
    def batch_size(self) -> int: ...

    @property
    def rows_per_epoch(self) -> int:
        """Examples of an epoch, with those that fill no batch."""
        ...

    @property
    def batches_per_epoch(self) -> int:
        """Batches in all parts of an epoch."""
        ...

    def parts(self, epoch: int) -> Sequence[tuple[int, int]]:
        """(part, its batches) in the order of that epoch."""
        ...

    def part(self, epoch: int, part: int) -> list[Rows]:
        """The batches of a part: positions of examples."""
        ...


def left_over(plan: Plan) -> int:
    """Examples of an epoch that fill no batch."""
    return max(0, plan.rows_per_epoch - plan.batches_per_epoch * plan.batch_size)


class Span(NamedTuple):
    """The batches of one part at the positions [start, stop)."""

    epoch: int
    part: int
    start: int
    stop: int


def spans(plan: Plan, first: int = 0) -> Iterator[Span]:
    """The parts of all epochs, without end, from the one on that has the batch at `first`."""
    skipped = first // plan.batches_per_epoch
    start = skipped * plan.batches_per_epoch
    for epoch in count(skipped):
        for part, batches in plan.parts(epoch):
            if start + batches > first:
                yield Span(epoch, part, start, start + batches)
            start += batches


def drawn(plan: Plan, first: int, stop: int, step: int = 1) -> Iterator[tuple[int, Rows]]:
    """(position, examples) of the batches at first, first + step, ... below `stop`."""
    position = first
    for span in spans(plan, first):
        if position >= stop:
            return
        if position < span.stop:
            batches = plan.part(span.epoch, span.part)
        while position < min(span.stop, stop):
            yield position, batches[position - span.start]
            position += step


def cut(
    order: Rows, lengths: NDArray[np.int64] | None, size: int, rng: np.random.Generator
) -> list[Rows]:
    """Full batches of a part, mixed; at least one, of all examples there are.

    What does not fill a batch is left out; it is another handful each epoch.

    Args:
        order: examples in random order.
        lengths: tokens of each example there is, to put those of like length together.
    """
    batches = max(1, len(order) // size)
    if lengths is not None:
        window = WINDOW * size
        pieces = [order[i : i + window] for i in range(0, len(order), window)]
        order = np.concatenate([p[np.argsort(lengths[p], kind="stable")] for p in pieces])
    return [order[i * size : (i + 1) * size] for i in rng.permutation(batches)]


@dataclass(frozen=True)
class BatchPlan:
    """An epoch of products, all in one part.

    It draws as many examples as there are, by systematic sampling in proportion to their weights:
    with equal weights each exactly once.
    """

    weights: NDArray[np.float64]
    """[n], any scale."""
    lengths: NDArray[np.int64]
    """Tokens of each example, [n]."""
    batch_size: int
    group_by_length: bool
    seed: int

    @property
    def rows_per_epoch(self) -> int:
        return len(self.weights)

    @property
    def batches_per_epoch(self) -> int:
        return max(1, len(self.weights) // self.batch_size)

    def batches(self, first: int = 0, step: int = 1) -> Iterator[Rows]:
        """Batches first, first + step, first + 2 step, ... without end."""
        return (rows for _, rows in drawn(self, first, sys.maxsize, step))

    def parts(self, epoch: int) -> Sequence[tuple[int, int]]:  # noqa: ARG002
        return [(0, self.batches_per_epoch)]

    def part(self, epoch: int, part: int) -> list[Rows]:  # noqa: ARG002
        return self.epoch(epoch)

    def epoch(self, epoch: int) -> list[Rows]:
        """The batches of one epoch, in order."""
        rng = np.random.default_rng((self.seed, epoch))
        order = rng.permutation(self._draw(rng))
        lengths = self.lengths if self.group_by_length else None
        return cut(order, lengths, self.batch_size, rng)

    def _draw(self, rng: np.random.Generator) -> Rows:
        n = len(self.weights)
        if np.ptp(self.weights) == 0:
            return np.arange(n)
        shuffled = rng.permutation(n)  # so that neighbours in the catalog do not exclude each other
        edges = np.cumsum(self.weights[shuffled])
        points = (np.arange(n) + rng.random()) * (edges[-1] / n)
        chosen: Rows = shuffled[np.minimum(np.searchsorted(edges, points, side="right"), n - 1)]
        return chosen

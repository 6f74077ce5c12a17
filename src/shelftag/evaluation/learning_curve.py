"""What more labels would bring: a cheap model trained on growing shares, and a law through it.

train products --1/32, 1/16, ... 1, drawn thrice--> model --> test accuracy --> power law --> twice
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.power_law import PowerLaws, fit_power_laws
from shelftag.evaluation.resampled import Draws, Estimate, accuracies, draw, estimate, macro_f1s
from shelftag.evaluation.scope import Result, Scope

SHARES = tuple(2.0**-halvings for halvings in range(5, -1, -1))
REPEATS = 3
"""Draws of each share: other products, the same number."""

AHEAD = 2.0
"""Times the labels there are, to which the law is carried on."""

MIN_TRAIN = 64
"""With fewer products the smallest share has none to speak of."""


@dataclass(frozen=True)
class Pool:
    """n products with labels, some of them test products, and what learns from any of them."""

    labels: NDArray[np.int64]
    """Positions in `scope.labels`, [n]."""
    train: NDArray[np.int64]
    """Rows labels may be bought of."""
    test: NDArray[np.int64]
    """Rows that are scored."""
    scope: Scope
    learn: Callable[[NDArray[np.int64]], NDArray[np.float32]]
    """Rows labelled -> margins [n, departments] of all, -inf where a department had none."""

    @property
    def is_enough(self) -> bool:
        """Whether a 32nd of it is something to learn from, and there is something to score."""
        return len(self.train) >= MIN_TRAIN and len(self.test) > 0


class CurvePoint(Result):
    """Test scores with so many labels."""

    labels: int
    accuracy: Estimate
    macro_f1: Estimate


class LawPoint(Result):
    """What the law says of so many labels."""

    labels: int
    accuracy: Estimate


class Law(Result):
    """error = floor + reducible * (labels / all labels) ^ -exponent, and how it did before.

    Its intervals are those of the points it goes through. That the law may be the wrong one is
    not in them: `miss` shows how it did one doubling earlier.
    """

    floor: float
    """Error that no number of labels would remove, if the law held for ever."""
    reducible: float
    """Error that more labels would remove, at all the labels there are."""
    exponent: float
    path: tuple[LawPoint, ...]
    """From the fewest labels to twice those there are; the last one is the extrapolation."""
    expected: Estimate
    """Accuracy with all labels, from a law through the points up to half of them."""
    found: float
    """The accuracy there is."""
    miss: Estimate
    """Expected less found, paired: both are of the same test products and draws."""

    @property
    def twice(self) -> LawPoint:
        """What twice the labels would bring."""
        return self.path[-1]

    @property
    def held(self) -> bool:
        """Whether chance alone explains by how much it missed, one doubling earlier."""
        return self.miss.low <= 0 <= self.miss.high


class LearningCurve(Result):
    """A linear model's, as a proxy: a fine-tuned one has another level, and often a like slope."""

    scope: Scope
    repeats: int
    points: tuple[CurvePoint, ...]
    law: Law


def learning_curve(pool: Pool, seed: int) -> LearningCurve | None:
    """Train on growing shares; None with too few products."""
    if not pool.is_enough:
        return None
    draws = draw(len(pool.test), REPEATS, seed)
    sizes = [round(share * len(pool.train)) for share in SHARES]
    chosen = [_choices(pool, size, seed) for size in sizes]
    truth = pool.labels[pool.test]
    points = tuple(
        curve_point(pool, size, choices, draws) for size, choices in zip(sizes, chosen, strict=True)
    )
    errors = np.stack([1 - accuracies(choices, truth, draws) for choices in chosen], axis=1)
    law = _law(np.array(sizes), errors)
    return LearningCurve(scope=pool.scope, repeats=REPEATS, points=points, law=law)


def curve_point(pool: Pool, size: int, chosen: NDArray[np.int64], draws: Draws) -> CurvePoint:
    """Scores of choices [models, test products] made with so many labels."""
    truth = pool.labels[pool.test]
    return CurvePoint(
        labels=size,
        accuracy=estimate(accuracies(chosen, truth, draws)),
        macro_f1=estimate(macro_f1s(chosen, truth, len(pool.scope.labels), draws)),
    )


def _choices(pool: Pool, size: int, seed: int) -> NDArray[np.int64]:
    """Of models that learned from `size` products each, [repeats, test products]."""
    if size == len(pool.train):  # every draw is the same
        return np.tile(pool.learn(pool.train)[pool.test].argmax(axis=1), (REPEATS, 1))
    orders = [np.random.default_rng((seed, n)).permutation(pool.train) for n in range(REPEATS)]
    return np.stack([pool.learn(order[:size])[pool.test].argmax(axis=1) for order in orders])


def _law(sizes: NDArray[np.int64], errors: NDArray[np.float64]) -> Law:
    """Through errors [draws, sizes]; the same without the last size, to see how it would do."""
    shares = sizes / sizes[-1]
    laws = fit_power_laws(shares, errors)
    expected = 1 - fit_power_laws(shares[:-1], errors[:, :-1]).errors(np.ones(1))[:, 0]
    found = 1 - errors[:, -1]
    return Law(
        floor=float(laws.floor[0]),
        reducible=float(laws.reducible[0]),
        exponent=float(laws.exponent[0]),
        path=_path(laws, shares[0], int(sizes[-1])),
        expected=estimate(expected),
        found=float(found[0]),
        miss=estimate(expected - found),
    )


def _path(laws: PowerLaws, first: float, labels: int) -> tuple[LawPoint, ...]:
    shares = np.geomspace(first, AHEAD, 13)
    likely = 1 - laws.errors(shares)
    return tuple(
        LawPoint(labels=round(share * labels), accuracy=estimate(likely[:, place]))
        for place, share in enumerate(shares)
    )

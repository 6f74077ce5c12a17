"""Which products to label next, and what that order is worth: active learning, simulated.

    seed labels --> model --> margins of the rest --order--> more labels --> model --> ...

Orders: `random`; `margin`, the smallest gap between the two best first (Scheffer et al. 2001,
https://doi.org/10.1007/3-540-44816-0_31); `departments`, the same in turns over the departments
chosen, so that rare ones get their share.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.learning_curve import MIN_TRAIN, CurvePoint, Pool, curve_point
from shelftag.evaluation.resampled import Estimate, accuracies, draw, estimate
from shelftag.evaluation.scope import Result, Scope
from shelftag.evaluation.selective import lead

Order = Literal["random", "margin", "departments"]
ORDERS: tuple[Order, ...] = get_args(Order)

SEED_LABELS = 500
"""Labels drawn at random to begin with, or a 32nd of the products if those are fewer."""

ROUNDS = 4
"""Each doubles the labels: 500, 1,000, ... 8,000."""

REPEATS = 3


class OrderCurve(Result):
    """One order: scores after each round."""

    order: Order
    points: tuple[CurvePoint, ...]
    gains: tuple[Estimate, ...]
    """Accuracy less that of `random` with as many labels, paired."""
    as_good: int | None
    """Labels with which it has the accuracy that `random` ends with, between rounds on a log
    scale; None where it does not get there."""


class ActiveLearning(Result):
    """All orders with the same seed labels, on the same products."""

    scope: Scope
    repeats: int
    curves: tuple[OrderCurve, ...]

    @property
    def budgets(self) -> tuple[int, ...]:
        """Labels after each round, the seed first."""
        return tuple(point.labels for point in self.curves[0].points)

    def best(self, place: int) -> Order:
        """The order of the highest accuracy at `budgets[place]`."""
        return max(self.curves, key=lambda one: one.points[place].accuracy.value).order

    @property
    def proven(self) -> Order | None:
        """The order that gains most over random at the end, of those whose 95% interval of the
        gain is above 0; None where no order is proven better than random."""
        better = [one for one in self.curves if one.gains[-1].low > 0]
        return max(better, key=lambda one: one.gains[-1].value).order if better else None


class _Start(NamedTuple):
    """The first labels of one repeat, the same for all orders."""

    labelled: NDArray[np.int64]
    margins: NDArray[np.float32]
    """What is learned from them, [n, departments]."""
    seed: int


def label_order(
    scores: NDArray[np.floating], groups: NDArray[np.int64], order: Order, seed: int
) -> NDArray[np.int64]:
    """Rows of margins or probabilities [n, departments], the one to label first first.

    Of the rows of one group [n], near-duplicates, only the first is in it.
    """
    if order == "random":
        rows = np.random.default_rng(seed).permutation(len(scores))
    else:
        rows = np.argsort(lead(scores), kind="stable")
    rows = rows[np.sort(np.unique(groups[rows], return_index=True)[1])]
    return _in_turns(rows, scores[rows].argmax(axis=1)) if order == "departments" else rows


def _in_turns(rows: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first row of each department chosen, then the second of each, ..."""
    turn = np.empty(len(rows), np.int64)
    for department in np.unique(chosen):
        mine = chosen == department
        turn[mine] = np.arange(mine.sum())
    return rows[np.argsort(turn, kind="stable")]


def simulate(pool: Pool, groups: NDArray[np.int64], seed: int) -> ActiveLearning | None:
    """Spend labels in each order; `groups` [n] are near-duplicates, of which one is labelled.

    None with too few products, near-duplicates counted once.
    """
    distinct = len(np.unique(groups[pool.train]))
    if not pool.is_enough or distinct < MIN_TRAIN:
        return None
    budgets = [min(SEED_LABELS, distinct // 32) * 2**number for number in range(ROUNDS + 1)]
    starts = [_start(pool, budgets[0], seed + number) for number in range(REPEATS)]
    chosen: dict[Order, NDArray[np.int64]] = {
        order: np.stack([_spend(pool, groups, order, budgets, start) for start in starts], axis=1)
        for order in ORDERS
    }  # [budgets, repeats, test products]
    curves = tuple(_curve(pool, order, budgets, chosen, seed) for order in ORDERS)
    return ActiveLearning(scope=pool.scope, repeats=REPEATS, curves=curves)


def _start(pool: Pool, size: int, seed: int) -> _Start:
    labelled = np.random.default_rng(seed).permutation(pool.train)[:size]
    return _Start(labelled, pool.learn(labelled), seed)


def _spend(
    pool: Pool, groups: NDArray[np.int64], order: Order, budgets: Sequence[int], start: _Start
) -> NDArray[np.int64]:
    """Choices [budgets, test products] after each round."""
    labelled, margins, seed = start
    chosen = [margins[pool.test].argmax(axis=1)]
    for number, budget in enumerate(budgets[1:], start=1):
        rest = pool.train[~np.isin(groups[pool.train], groups[labelled])]
        # random draws anew in each round: the seed is of the round
        asked = label_order(margins[rest], groups[rest], order, seed + 1_000 * number)
        labelled = np.concatenate([labelled, rest[asked[: budget - len(labelled)]]])
        margins = pool.learn(labelled)
        chosen.append(margins[pool.test].argmax(axis=1))
    return np.stack(chosen)


def _curve(
    pool: Pool,
    order: Order,
    budgets: Sequence[int],
    chosen: dict[Order, NDArray[np.int64]],
    seed: int,
) -> OrderCurve:
    draws, truth = draw(len(pool.test), REPEATS, seed), pool.labels[pool.test]
    values, by_chance = (
        [accuracies(choices, truth, draws) for choices in chosen[one]] for one in (order, ORDERS[0])
    )
    pairs = zip(values, by_chance, strict=True)
    return OrderCurve(
        order=order,
        points=tuple(
            curve_point(pool, budget, choices, draws)
            for budget, choices in zip(budgets, chosen[order], strict=True)
        ),
        gains=tuple(estimate(one - other) for one, other in pairs),
        as_good=_labels_for(float(by_chance[-1][0]), budgets, [float(one[0]) for one in values]),
    )


def _labels_for(target: float, budgets: Sequence[int], values: Sequence[float]) -> int | None:
    """Labels at which the curve first reaches a value, None where it never does."""
    reached = [place for place, value in enumerate(values) if value >= target]
    if not reached:
        return None
    if not (place := reached[0]):
        return budgets[0]
    part = (target - values[place - 1]) / (values[place] - values[place - 1])
    return int(budgets[place - 1] * (budgets[place] / budgets[place - 1]) ** part)

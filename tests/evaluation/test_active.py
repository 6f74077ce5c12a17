"""Orders of labelling, and what they are worth where the answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shelftag.evaluation.active import ORDERS, ActiveLearning, Order, label_order, simulate
from shelftag.evaluation.learning_curve import LearningCurve, Pool, _law, learning_curve
from shelftag.evaluation.resampled import Estimate
from shelftag.evaluation.selective import lead
from tests.evaluation.made import scope


def pool(rows: int = 640) -> Pool:
    """Points on a circle in three sectors; what learns from some gives each its nearest's label.

    It pays to ask where sectors meet.
    """
    angles = np.random.default_rng(1).random(rows)
    labels = (angles * 3).astype(np.int64)
    cut = rows * 3 // 4

    def learn(known: NDArray[np.int64]) -> NDArray[np.float32]:
        margins = np.full((rows, 3), -np.inf, np.float32)
        for label in np.unique(labels[known]):
            mine = angles[known][labels[known] == label]
            margins[:, label] = -np.abs(angles[:, None] - mine).min(axis=1)
        return margins

    return Pool(labels, np.arange(cut), np.arange(cut, rows), scope(rows=rows - cut), learn)


@pytest.fixture(scope="module")
def active() -> ActiveLearning:
    made = pool()
    found = simulate(made, np.arange(len(made.labels)), seed=0)
    assert found is not None
    return found


scores_and_groups = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.integers(0, 99),
        st.integers(1, 5),
        st.lists(st.integers(0, 5), min_size=n, max_size=n),
    )
)


@given(scores_and_groups, st.sampled_from(ORDERS))
def test_every_group_once(made: tuple[int, int, list[int]], order: Order) -> None:
    seed, departments, listed = made
    groups = np.array(listed)
    scores = np.random.default_rng(seed).random((len(groups), departments))
    found = label_order(scores, groups, order, seed=0)
    assert sorted(groups[found]) == sorted(set(listed))
    if order == "margin":
        assert lead(scores)[found].tolist() == sorted(lead(scores)[found])


def test_of_near_duplicates_the_less_sure_one_is_asked() -> None:
    scores = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3]])
    found = label_order(scores, np.array([0, 0, 1]), "margin", seed=0)
    assert found.tolist() == [1, 2]


def test_departments_take_turns() -> None:
    first = np.array([0.5, 0.55, 0.6, 0.65, 0.9])
    scores = np.stack([first, 1 - first], axis=1)
    scores[4] = scores[4][::-1]  # the only one of its department, and the surest
    found = label_order(scores, np.arange(5), "departments", seed=0)
    assert found.tolist() == [0, 4, 1, 2, 3]


def test_a_department_without_labels_is_no_obstacle() -> None:
    scores = np.array([[0.1, -np.inf, 0.3], [0.5, -np.inf, -0.5]])
    assert lead(scores) == pytest.approx([0.2, 1.0])
    assert lead(scores[:, :1]).tolist() == [np.inf, np.inf]


def test_all_orders_start_alike_and_margin_pays(active: ActiveLearning) -> None:
    chance, margin, _ = active.curves
    assert active.budgets == (15, 30, 60, 120, 240)
    assert {one.points[0] for one in active.curves} == {chance.points[0]}
    assert margin.gains[2].low > 0
    assert margin.as_good is not None
    assert margin.as_good < chance.points[-1].labels
    assert chance.as_good == 240
    assert all(gain.low == gain.value == gain.high == 0 for gain in chance.gains)
    assert active.best(2) != "random"


def test_an_order_is_proven_by_its_gain(active: ActiveLearning) -> None:
    def ends(**lows: float) -> ActiveLearning:
        """As if the interval of each last gain began there and ended at 0.1."""
        curves = [
            one.model_copy(
                update={
                    "gains": (
                        *one.gains[:-1],
                        Estimate(value=lows[one.order] + 0.01, low=lows[one.order], high=0.1),
                    )
                }
            )
            for one in active.curves
        ]
        return active.model_copy(update={"curves": tuple(curves)})

    assert ends(random=0, margin=-0.02, departments=0).proven is None
    assert ends(random=0, margin=0.02, departments=-0.01).proven == "margin"
    assert ends(random=0, margin=0.02, departments=0.03).proven == "departments"


def test_the_first_labels_are_learned_once() -> None:
    made, sizes = pool(), []

    def learn(known: NDArray[np.int64]) -> NDArray[np.float32]:
        sizes.append(len(known))
        return made.learn(known)

    found = simulate(replace(made, learn=learn), np.arange(len(made.labels)), seed=0)
    assert found is not None
    assert sizes.count(found.budgets[0]) == found.repeats
    assert sizes.count(found.budgets[1]) == found.repeats * len(ORDERS)


def test_simulated_again_is_the_same(active: ActiveLearning) -> None:
    made = pool()
    assert simulate(made, np.arange(len(made.labels)), seed=0) == active
    assert ActiveLearning.model_validate_json(active.model_dump_json()) == active


def test_near_duplicates_are_labelled_once() -> None:
    made, asked = pool(), []

    def learn(known: NDArray[np.int64]) -> NDArray[np.float32]:
        asked.append(known)
        return made.learn(known)

    groups = np.arange(len(made.labels)) // 2  # pairs
    watched = Pool(made.labels, made.train, made.test, made.scope, learn)
    found = simulate(watched, groups, seed=0)
    assert found is not None
    assert found.budgets[-1] == 112  # of 240 pairs
    for known in asked:
        bought = groups[known[found.budgets[0] :]]
        assert len(set(bought)) == len(bought)
        assert not set(bought) & set(groups[known[: found.budgets[0]]])


def test_learning_curve_grows_and_is_carried_on() -> None:
    curve = learning_curve(pool(), seed=0)
    assert curve is not None
    assert [point.labels for point in curve.points] == [15, 30, 60, 120, 240, 480]
    assert curve.points[-1].accuracy.value > curve.points[0].accuracy.value
    assert curve.law.twice.labels == 960
    assert curve.law.found == pytest.approx(curve.points[-1].accuracy.value)
    assert curve.law.miss.value == pytest.approx(curve.law.expected.value - curve.law.found)
    assert LearningCurve.model_validate_json(curve.model_dump_json()) == curve


def test_a_miss_is_paired() -> None:
    """Errors that vary a lot and together: each interval is wide, that of their difference not."""
    sizes, level = np.array([1, 2, 4, 8, 16, 32]), np.random.default_rng(0).normal(0.2, 0.02, 500)
    level[0] = 0.2
    errors = np.tile(level[:, None], 6)
    errors[:, -1] -= 0.01
    law = _law(sizes, errors)
    assert law.expected.low < law.found < law.expected.high
    assert law.miss.value == pytest.approx(-0.01)
    assert law.miss.high < 0
    assert not law.held
    errors[:, -1] += 0.01
    assert _law(sizes, errors).held


def test_too_few_products_have_no_curves() -> None:
    few, whole = pool(80), pool()  # 60 to learn from
    untested = replace(whole, test=whole.test[:0])
    for made in (few, untested):
        assert learning_curve(made, seed=0) is None
        assert simulate(made, np.arange(len(made.labels)), seed=0) is None
    assert simulate(whole, np.arange(640) % 60, seed=0) is None

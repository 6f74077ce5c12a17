"""The simplest way, unless another is better by more than noise."""

import numpy as np

from shelftag.tagging.held_out import MIN_ROWS, choose_scaling
from shelftag.tagging.scaling import Scaling
from shelftag.tagging.ways import WAYS
from tests.tagging.made_logits import draw, made_logits


def test_the_way_that_made_the_labels_is_found() -> None:
    logits = made_logits(0, 3_000)
    far = draw(logits, Scaling(temperature=4.0), 0)
    way, scaling, held = choose_scaling(logits, far)
    assert way != "none"
    assert 3 < scaling.temperature < 5
    assert list(held) == list(WAYS)
    first, second, *_ = held.values()
    assert first.losses.mean() > second.losses.mean() + 0.1


def test_departments_apart_are_told_apart() -> None:
    logits = made_logits(1, 6_000)
    truth = Scaling(temperatures=(1.0, 8.0, 1.0, 1.0, 0.5))
    way, _, held = choose_scaling(logits, draw(logits, truth, 1))
    assert way.endswith("by department")
    assert held[way].risks.mean() < held["temperature"].risks.mean()


def test_an_honest_model_is_seldom_changed() -> None:
    logits = made_logits(2, 600)
    ways = [choose_scaling(logits, draw(logits, Scaling(), seed))[0] for seed in range(4)]
    assert ways.count("none") >= 2


def test_too_few_rows_are_not_fitted_to() -> None:
    logits = made_logits(3, MIN_ROWS - 1)
    labels = np.zeros(len(logits), np.int64)
    assert choose_scaling(logits, labels) == ("none", Scaling(), {})

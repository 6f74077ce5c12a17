"""Cheap means first, and the last one only for what they leave."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shelftag.evaluation.selective import lead
from shelftag.model.linear import fit_linear
from shelftag.model.lookup import learn_names
from shelftag.tagging.cascade import Cascade, fit_floor

TEXTS = ["rye bread", "white bread", "oat milk", "whole milk", "dog treats", "cat treats"] * 3
LABELS = np.array([0, 0, 1, 1, 2, 2] * 3)


def _cascade(floor: float, asked: list[str]) -> Cascade:
    def last(texts: Sequence[str]) -> NDArray[np.int64]:
        asked.extend(texts)
        return np.full(len(texts), 2)

    linear = fit_linear(TEXTS, LABELS, 3, seed=0)
    names = learn_names(["odd thing"], np.array([1]), np.array([1]))
    return Cascade(names, linear, floor, last)


def test_each_means_is_asked_for_what_is_left() -> None:
    asked: list[str] = []
    sure = lead(_cascade(0, []).linear.decision(["rye bread"]))[0]
    cascade = _cascade(float(sure) * 0.9, asked)
    assert cascade.predict(["odd thing", "rye bread", "zzz"]).tolist() == [1, 0, 2]
    assert asked == ["zzz"]


def test_known_names_alone_ask_nobody() -> None:
    asked: list[str] = []
    assert _cascade(np.inf, asked).predict(["odd thing", "odd thing"]).tolist() == [1, 1]
    assert asked == []


cases = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), min_size=1, max_size=40
)


@given(cases)
def test_the_floor_costs_nothing_and_is_the_smallest_such(
    rows: list[tuple[int, bool, bool]],
) -> None:
    columns = tuple(zip(*rows, strict=True))
    leads = np.array(columns[0], np.float32)
    linear, last = np.array(columns[1]), np.array(columns[2])

    def right(floor: float) -> int:
        return int(np.where(leads >= floor, linear, last).sum())

    floor = fit_floor(leads, linear, last)
    assert right(floor) >= last.sum()
    assert all(right(lower) < last.sum() for lower in np.unique(leads) if lower < floor)


def test_a_linear_model_that_is_never_right_answers_nothing() -> None:
    leads = np.array([1, 2], np.float32)
    assert fit_floor(leads, np.zeros(2, bool), np.ones(2, bool)) == pytest.approx(np.inf)

"""Scores against scikit-learn's, and where there is nothing to divide by."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from shelftag.errors import InputError
from shelftag.evaluation.scores import Scores, score_choices, score_probabilities
from tests.evaluation.made import scope, sure_of

Pairs = list[tuple[int, int]]

pairs = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


def _score(rows: Pairs, purchases: NDArray[np.int64] | None = None) -> Scores:
    labels, chosen = np.array(rows, np.int64).T
    counts = np.ones(len(rows), np.int64) if purchases is None else purchases
    return score_choices(chosen, labels, counts, scope(rows=len(rows)))


@given(pairs)
def test_agrees_with_scikit_learn(rows: Pairs) -> None:
    labels, chosen = np.array(rows).T
    scores = _score(rows)
    assert scores.accuracy == pytest.approx((labels == chosen).mean())
    assert (
        np.array(scores.confusion).tolist()
        == confusion_matrix(labels, chosen, labels=range(3)).tolist()
    )
    present = np.unique(labels)
    assert scores.macro_f1 == pytest.approx(
        f1_score(labels, chosen, labels=present, average="macro", zero_division=0)
    )
    theirs = precision_recall_fscore_support(labels, chosen, labels=range(3), zero_division=0)
    for position, one in enumerate(scores.departments):
        assert one.support == theirs[3][position]
        ours = [one.precision or 0, one.recall or 0, one.f1 or 0]
        assert ours == pytest.approx([theirs[metric][position] for metric in range(3)])


@given(pairs, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows: Pairs, random: Random) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)
    assert _score(shuffled) == _score(rows)


@given(pairs)
def test_rows_are_all_counted(rows: Pairs) -> None:
    scores = _score(rows)
    assert sum(one.support for one in scores.departments) == len(rows)
    assert sum(one.chosen for one in scores.departments) == len(rows)


def test_department_without_support_is_none_and_not_in_the_mean() -> None:
    bakery, dairy, pets = _score([(0, 0), (0, 0), (1, 0), (1, 1)]).departments
    assert (pets.support, pets.chosen) == (0, 0)
    assert (pets.precision, pets.recall, pets.f1) == (None, None, None)
    assert bakery.f1 == pytest.approx(0.8)
    assert dairy.f1 == pytest.approx(2 / 3)
    assert _score([(0, 0), (0, 0), (1, 0), (1, 1)]).macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_department_never_chosen_has_no_precision_and_f1_of_0() -> None:
    one = _score([(0, 1), (1, 1)]).departments[0]
    assert (one.precision, one.recall, one.f1) == (None, 0.0, 0.0)


def test_purchases_weigh_the_accuracy() -> None:
    rows = [(0, 0), (1, 0)]
    assert _score(rows, np.array([3, 1])).purchase_accuracy == pytest.approx(0.75)
    assert _score(rows, np.array([0, 5])).purchase_accuracy == 0
    assert _score(rows, np.array([0, 0])).purchase_accuracy is None


def test_probabilities_add_confidence() -> None:
    labels = np.array([0, 1, 2, 2])
    chances = sure_of(np.array([0, 1, 2, 0]), confidence=0.7)
    scores = score_probabilities(chances, labels, np.ones(4, np.int64), scope(rows=4), 0.5)
    assert scores.accuracy == 0.75
    assert scores.confidence is not None
    assert scores.confidence.coverage == 1
    assert scores.confidence.precision == 0.75


def test_no_rows_are_refused() -> None:
    none = np.empty(0, np.int64)
    with pytest.raises(InputError, match="test split has 0 rows"):
        score_choices(none, none, none, scope(rows=0))


@given(pairs)
def test_json_reads_back_equal(rows: Pairs) -> None:
    scores = _score(rows)
    assert Scores.model_validate_json(scores.model_dump_json()) == scores


def test_scope_names_labels_and_rows() -> None:
    assert scope(rows=4414).sentence == (
        "3 departments trained (without missing, other); "
        "scored on 4,414 test products, split by token set"
    )
    assert "on a seeded sample of 20,000 of 34,273 train" in scope("train", 20_000, 34_273).sentence

"""Machines of some rows, over terms of all."""

import numpy as np
import pytest

from shelftag.errors import InputError
from shelftag.model.linear_pool import linear_pool
from tests.model.test_linear import LABELS, TEXTS

ALL = np.arange(len(TEXTS))


def test_learns_from_the_rows_it_is_given() -> None:
    learn = linear_pool(TEXTS, LABELS, ALL, departments_count=4, seed=0)
    some = np.array([0, 1, 2, 4, 5, 6, 8, 9, 10])
    margins = learn(some)
    assert margins.argmax(axis=1).tolist() == LABELS.tolist()
    assert (margins[:, 2] == -np.inf).all()
    np.testing.assert_array_equal(learn(some), margins)


def test_labels_of_other_rows_are_not_read() -> None:
    some = np.arange(4, 12)
    changed = LABELS.copy()
    changed[:4] = 2
    one, other = (linear_pool(TEXTS, labels, ALL, 4, seed=0)(some) for labels in (LABELS, changed))
    np.testing.assert_array_equal(one, other)
    assert (one[:, [0, 2]] == -np.inf).all()


def test_one_department_is_always_chosen() -> None:
    margins = linear_pool(TEXTS, LABELS, ALL, 4, seed=0)(np.arange(4))
    assert (margins.argmax(axis=1) == 0).all()


def test_names_with_nothing_in_common_are_refused() -> None:
    with pytest.raises(InputError, match="2 product names"):
        linear_pool(["a1", "?"], np.zeros(2, np.int64), np.arange(2), 2, seed=0)(np.arange(2))


def test_nothing_is_known_of_test_texts() -> None:
    """The others' margins are the same whatever stands in the test texts."""
    texts = [*TEXTS, "quince jam", "quince jelly"]
    labels, others = np.append(LABELS, [0, 0]), [*TEXTS, "red wine", "?"]
    one, other = (linear_pool(each, labels, ALL, 4, seed=0)(ALL)[ALL] for each in (texts, others))
    np.testing.assert_array_equal(one, other)


def test_names_without_labels_are_known() -> None:
    """What most unlabelled names hold says less."""
    some = np.arange(4, 12)
    alone, among_all = (linear_pool(TEXTS, LABELS, train, 4, seed=0)(some) for train in (some, ALL))
    assert (alone[some] != among_all[some]).any()

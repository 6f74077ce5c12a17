"""Kinds of products, and how they are scored."""

import numpy as np
import pytest

from shelftag.catalog.split import words
from shelftag.evaluation import slices as module
from shelftag.evaluation.slices import Learned, Slice, slices

TRAIN = Learned(
    names=["Organic Apple", "Organic Pear", "Frozen Peas", "Rye Bread", *["Plain Rye"] * 96],
    labels=np.array([0, 0, 1, 2, *[2] * 96]),
)
NAMES = ["Organic Soap", "Organic Pear", "Frozen Bread", "Crème Brûlée", "Rye"]
LABELS = np.array([2, 0, 2, 1, 2])


def _found(correct: list[bool]) -> dict[str, Slice]:
    review = np.array([True, False, False, True, False])
    return {one.name: one for one in slices(NAMES, LABELS, np.array(correct), review, TRAIN)}


def test_kinds_are_told_apart() -> None:
    found = _found([True, True, True, True, False])
    assert {name: one.rows for name, one in found.items()} == {
        "short names, 2 words at most": 5,
        "long names, 7 words and more": 0,
        "first word not in train": 1,
        "every word in train": 3,
        "letters beyond ASCII": 1,
        '"organic", filed unlike most such': 1,
        '"frozen", filed unlike most such': 1,
        "departments under 2% of train": 1,
    }


def test_the_worst_comes_first_and_the_empty_last() -> None:
    found = list(_found([True, True, False, True, True]).values())
    assert found[0].name == '"frozen", filed unlike most such'
    assert found[0].accuracy == 0
    assert found[-1].name == "long names, 7 words and more"
    assert (found[-1].accuracy, found[-1].interval, found[-1].review) == (None, None, None)
    shares = [one.accuracy for one in found if one.accuracy is not None]
    assert shares == sorted(shares)


def test_review_is_counted() -> None:
    found = _found([True] * 5)
    assert found["short names, 2 words at most"].review == 0.4


def test_names_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(name: str) -> list[str]:
        read.append(name)
        return words(name)

    monkeypatch.setattr(module, "words", counted)
    _found([True] * 5)
    assert sorted(read) == sorted([*NAMES, *TRAIN.names])

"""Probabilities by machines that have not seen a product, nor its twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.model.out_of_fold import FOLDS, fold_of, out_of_fold
from tests.model.test_linear import LABELS, TEXTS


@given(st.lists(st.sampled_from("abcdefghij"), max_size=40), st.integers(0, 9))
def test_a_group_stands_in_one_fold(groups: list[str], seed: int) -> None:
    folds = fold_of(groups, seed)
    assert len({*zip(groups, folds.tolist(), strict=True)}) == len(set(groups))
    counts = np.bincount([folds[groups.index(group)] for group in set(groups)], minlength=FOLDS)
    assert counts.max() - counts.min() <= 1


def test_rows_are_probabilities_and_mostly_right() -> None:
    texts = [f"{size} {text}" for size in ("big", "small", "mini", "maxi") for text in TEXTS]
    labels = np.tile(LABELS, 4)
    likely = out_of_fold(texts, labels, texts, departments_count=4, seed=0)
    assert likely.shape == (48, 4)
    assert likely.sum(axis=1) == pytest.approx(1)
    assert (likely[:, 2] == 0).all()  # nobody has this label
    assert (likely.argmax(axis=1) == labels).mean() > 0.9


def test_a_twin_does_not_tell() -> None:
    """Two products of one name under label 2, whose words stand under label 1 elsewhere."""
    texts, labels = [*TEXTS, "old red wine", "old red wine"], np.append(LABELS, [2, 2])
    apart, together = ([*map(str, range(12)), *twins] for twins in (("a", "b"), ("twin", "twin")))
    assert len(set(fold_of(apart, seed=1)[-2:])) == 2
    knows, cannot = (out_of_fold(texts, labels, one, 4, seed=1) for one in (apart, together))
    assert (knows[-2:, 2] > 0).all()
    assert (cannot[-2:, 2] == 0).all()
    assert (cannot[-2:].argmax(axis=1) == 1).all()


@pytest.mark.parametrize("labels", [[0] * 12, [0] * 11 + [3], [0, 1, 2, 3] * 3])
def test_rare_departments_do_no_harm(labels: list[int]) -> None:
    likely = out_of_fold(TEXTS, np.array(labels), TEXTS, 5, seed=0)
    assert np.isfinite(likely).all()
    assert likely.sum(axis=1) == pytest.approx(1)


def test_one_group_has_nobody_to_ask() -> None:
    likely = out_of_fold(TEXTS, LABELS, ["one"] * 12, 4, seed=0)
    assert likely == pytest.approx(1 / 4)

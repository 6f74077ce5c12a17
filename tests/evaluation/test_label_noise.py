"""Wrong labels are found, and only labels that another is likelier than."""

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shelftag.evaluation.label_noise import MIN_SHARE, estimate_wrong, find_suspects
from tests.benchmarks.bench_noise import (
    Labelled,
    confusions,
    even,
    find_planted,
    plant,
    real_catalog,
)
from tests.tiny import ADJECTIVES, ENDINGS, NOUNS


def sure_of(labels: NDArray[np.int64], departments_count: int) -> NDArray[np.float64]:
    """Probabilities that say 0.9 for each label."""
    likely = np.full((len(labels), departments_count), 0.1 / (departments_count - 1))
    likely[np.arange(len(labels)), labels] = 0.9
    return likely


def test_planted_labels_come_first() -> None:
    true = np.arange(400) % 4
    labels, wrong = plant(true, even(4), seed=0)
    found = find_suspects(labels, sure_of(true, 4))
    assert set(found.rows.tolist()) == set(wrong.tolist())
    assert (found.suggested == true[found.rows]).all()
    assert found.quality == pytest.approx(0.1 / 3)
    assert found.estimated == len(wrong) == 12


def test_the_most_doubtful_come_first_and_not_too_many() -> None:
    labels = np.zeros(200, np.int64)
    labels[100:] = 1
    likely = sure_of(1 - labels, 2)  # every label is doubted
    likely[:, 0] += np.linspace(-0.05, 0.05, 200)
    likely[:, 1] = 1 - likely[:, 0]
    found = find_suspects(labels, likely)
    assert (np.diff(found.quality) >= 0).all()
    assert len(found.rows) == max(found.estimated, round(MIN_SHARE * 200))


def test_a_label_that_is_the_likeliest_is_no_suspect() -> None:
    labels = np.arange(100) % 5
    found = find_suspects(labels, sure_of(labels, 5))
    assert len(found.rows) == found.estimated == 0


def test_labels_nobody_has_and_one_label() -> None:
    labels = np.repeat([0, 3], 20)
    assert estimate_wrong(labels, sure_of(labels, 5)) == 0
    one = np.full(20, 2)
    assert len(find_suspects(one, sure_of(one, 5)).rows) == 0


def test_the_bench_finds_what_it_plants() -> None:
    named = [
        (f"{adjective} {noun} {ending}", label)
        for label, nouns in enumerate(NOUNS.values())
        for adjective in ADJECTIVES
        for noun in nouns
        for ending in ENDINGS
    ]
    names, labels = zip(*named, strict=True)
    catalog = Labelled(list(names), np.array(labels), len(NOUNS))
    for ways in (None, np.roll(np.eye(len(NOUNS)), 1, axis=1)):
        found = find_planted(catalog, seed=0, wrong_ways=ways)
        assert found.planted == 17
        assert found.recall_at_2x >= 0.9


def test_confusable_labels_are_planted_where_a_model_errs() -> None:
    true = np.arange(400) % 4
    taken = sure_of(np.where(true == 1, 3, true), 4)  # all of department 1 for 3, no others
    ways = confusions(true, taken)
    assert ways.sum(axis=1) == pytest.approx(1)
    assert ways[1].tolist() == [0, 0, 0, 1]
    assert ways[0] == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3])
    labels, wrong = plant(true, ways, seed=0)
    assert len(wrong) == 12
    assert (labels[wrong] != true[wrong]).all()
    assert (labels[wrong][true[wrong] == 1] == 3).all()
    assert (np.delete(labels, wrong) == np.delete(true, wrong)).all()


def test_as_many_are_examined_as_asked() -> None:
    labels = np.zeros(200, np.int64)
    labels[100:] = 1
    found = find_suspects(labels, sure_of(1 - labels, 2), examined=50)
    assert len(found.rows) == 50


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_real_catalog() -> None:
    folder = os.environ.get("SHELFTAG_REAL_CATALOG")
    if not folder:
        pytest.skip("SHELFTAG_REAL_CATALOG names no folder with the real catalog")
    assert find_planted(real_catalog(Path(folder)), seed=1).recall_at_2x >= 0.85

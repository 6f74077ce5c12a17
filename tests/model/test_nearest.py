"""The nearest names are those a plain product of all with all finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.model import nearest as module
from shelftag.model.linear import features, fit_vectorizers
from shelftag.model.nearest import nearest, seeded_sample
from tests.model.test_linear import LABELS, TEXTS

VECTORIZERS = fit_vectorizers(TEXTS)
WORDS = sorted({word for text in TEXTS for word in text.split()})
NAMES = st.lists(st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join), max_size=6)


@given(NAMES, st.integers(1, 15))
def test_it_is_the_plain_product(texts: list[str], k: int) -> None:
    found = nearest(VECTORIZERS, texts, TEXTS, k, 0)
    assert found.positions.shape == found.similarities.shape == (len(texts), k)
    for row, text in enumerate(texts):
        ours, theirs = features(VECTORIZERS, [text]), features(VECTORIZERS, TEXTS)
        length = max(float(np.sqrt(ours.multiply(ours).sum())), 1e-9)
        cosines = (theirs @ ours.T).toarray().ravel() / length / np.sqrt(2)
        best = np.sort(cosines)[::-1][:k]
        assert found.similarities[row, : len(best)] == pytest.approx(best, abs=1e-5)
        near = found.positions[row][found.positions[row] >= 0]
        assert cosines[near] == pytest.approx(best[: len(near)], abs=1e-5)
        assert len(near) == (best > 0).sum()


def test_a_name_is_nearest_to_itself() -> None:
    found = nearest(VECTORIZERS, TEXTS, TEXTS, 2, 0)
    assert found.positions[:, 0].tolist() == list(range(12))
    assert found.similarities[:, 0] == pytest.approx(1, abs=1e-5)


def test_apart_leaves_out_its_own() -> None:
    found = nearest(VECTORIZERS, TEXTS, TEXTS, 3, 0, apart=(LABELS, LABELS))
    some = found.positions >= 0
    assert some.any()
    assert (LABELS[found.positions] != LABELS[:, None])[some].all()


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nearest(VECTORIZERS, TEXTS, TEXTS, 3, 0, apart=(LABELS, LABELS))
    monkeypatch.setattr(module, "MAX_CELLS", 5 * len(TEXTS))
    pieces = nearest(VECTORIZERS, TEXTS, TEXTS, 3, 0, apart=(LABELS, LABELS))
    assert (whole.positions == pieces.positions).all()
    assert (whole.similarities == pieces.similarities).all()


def test_strangers_are_not_near() -> None:
    assert nearest(VECTORIZERS, ["§§"], TEXTS, 2, 0).positions.tolist() == [[-1, -1]]
    assert nearest(VECTORIZERS, ["red wine"], [], 2, 0).positions.tolist() == [[-1, -1]]


def test_many_are_held_against_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ASKED", 5)
    monkeypatch.setattr(module, "MAX_AMONG", 7)
    monkeypatch.setattr(module, "MAX_CELLS", 21)  # blocks that do not end where the asked do
    found = nearest(VECTORIZERS, TEXTS, TEXTS, 12, 3, apart=(LABELS, LABELS))
    sample = seeded_sample(12, 7, 3)
    among = [TEXTS[at] for at in sample]
    exact = nearest(VECTORIZERS, TEXTS[:5], among, 7, 3, apart=(LABELS[:5], LABELS[sample]))
    assert found.positions.shape == (12, 12)
    some = exact.positions >= 0
    assert (found.positions[:5, :7][some] == sample[exact.positions[some]]).all()
    assert (found.positions[:5, :7][~some] == -1).all()
    assert (found.positions[5:] == -1).all()
    assert (found.positions[:, 7:] == -1).all()
    assert found.similarities[:5, :7] == pytest.approx(exact.similarities, abs=1e-6)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 9))
def test_a_sample_is_of_different_rows(count: int, at_most: int, seed: int) -> None:
    found = seeded_sample(count, at_most, seed)
    assert len(found) == min(count, at_most) == len(set(found.tolist()))
    assert (np.diff(found) > 0).all()
    assert ((found >= 0) & (found < count)).all()

"""Sets are MAPIE's, hold the tag, and hold the truth as often as asked."""

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from shelftag.tagging.candidates import candidates_of, fit_bound
from shelftag.tagging.scaling import Scaling, probabilities
from tests.tagging.made_logits import draw, made_logits


class Known(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Probabilities of logits, for MAPIE."""

    classes_ = np.arange(5)
    is_fitted_ = True

    def fit(self, *_: object) -> "Known":
        return self

    def predict_proba(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        return probabilities(logits, Scaling()).astype(np.float64)

    def predict(self, logits: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.asarray(logits.argmax(axis=1), np.int64)


def truths(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    likely = probabilities(logits, Scaling())
    return likely[np.arange(len(labels)), labels].astype(np.float64)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_sets_are_those_of_mapie(level: float) -> None:
    valid, test = made_logits(0, 700), made_logits(1, 300)
    labels = draw(valid, Scaling(temperature=2.0), 0)
    theirs = SplitConformalClassifier(Known(), confidence_level=level, prefit=True)
    choices, sets = theirs.conformalize(valid, labels).predict_set(test)
    likely = probabilities(test, Scaling())
    expected = sets[:, :, 0]
    expected[np.arange(len(test)), choices] = True  # MAPIE's may be empty
    bound = fit_bound(truths(valid, labels), level)
    np.testing.assert_array_equal(candidates_of(likely, bound), expected)
    assert candidates_of(likely, bound).mean() < 1


def test_the_truth_is_in_as_often_as_asked() -> None:
    held, truth, level = [], Scaling(temperature=1.7), 0.9
    for seed in range(40):
        valid, test = made_logits(seed, 300), made_logits(seed + 1_000, 300)
        bound = fit_bound(truths(valid, draw(valid, truth, seed)), level)
        inside = candidates_of(probabilities(test, Scaling()), bound)
        held.append(inside[np.arange(300), draw(test, truth, seed + 1_000)].mean())
    assert np.mean(held) > level - 0.01


def test_with_too_few_rows_all_are_candidates() -> None:
    likely = np.array([[0.7, 0.2, 0.1]] * 18, np.float32)
    bound = fit_bound(np.full(18, 0.7), 0.95)
    assert candidates_of(likely, bound).all()


def test_the_likeliest_is_a_candidate_whatever_the_bound() -> None:
    likely = np.array([[0.4, 0.3, 0.3], [0.2, 0.5, 0.3]], np.float32)
    inside = candidates_of(likely, 0.9)
    assert inside.tolist() == [[True, False, False], [False, True, False]]

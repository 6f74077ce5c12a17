"""A Run beside the linear baseline."""

import dataclasses

import numpy as np
import pytest

from shelftag.evaluation.beside_linear import DISAGREEMENTS, beside_linear
from shelftag.evaluation.outcome import Evaluation
from tests.evaluation.made import manifest, scored, sure_of


def _compare(right: float, linear_right: float) -> Evaluation:
    train = scored("train", 400, 0.99, 0.98)
    return beside_linear(manifest(), "d" * 32, train, scored("test", 400, right, linear_right), 0.5)


@pytest.mark.parametrize(
    ("right", "outcome", "opening"),
    [
        (0.9, "better", "Better than the linear baseline: test accuracy 90.0% against 80.0%"),
        (0.8, "even", "Not better than the linear baseline, as far as these products can tell"),
        (0.7, "worse", "Not better than the linear baseline, but worse: test accuracy 70.0%"),
    ],
)
def test_verdict_says_plainly_how_it_stands(right: float, outcome: str, opening: str) -> None:
    evaluation = _compare(right, linear_right=0.8)
    assert evaluation.outcome == outcome
    assert evaluation.verdict.startswith(opening)


def test_train_stands_beside_test_for_both_models() -> None:
    evaluation = _compare(0.9, 0.8)
    assert evaluation.model.train.accuracy == pytest.approx(0.99)
    assert evaluation.model.gap == pytest.approx(0.09)
    assert evaluation.linear.gap == pytest.approx(0.18)
    assert evaluation.model.test.confidence is not None
    assert evaluation.linear.test.confidence is None  # margins are no probabilities


def test_facts_say_what_was_measured() -> None:
    evaluation = _compare(0.9, 0.8)
    assert evaluation.labels == ("bakery", "dairy", "pets")
    assert evaluation.labels_count == 3
    assert evaluation.rows_scored == {"train": 400, "test": 400}
    assert (evaluation.run, evaluation.dataset) == ("r" * 32, "d" * 32)
    assert evaluation.split_protocol == "token_set"


def test_disagreements_are_the_surest_mistakes() -> None:
    rows = scored("test", 60, right=0.5, linear_right=0.5)
    confidence = np.linspace(0.5, 0.9, 60, dtype=np.float32)
    chosen = rows.probabilities.argmax(axis=1)
    sure = np.concatenate([sure_of(chosen[i : i + 1], float(confidence[i])) for i in range(60)])
    evaluation = beside_linear(
        manifest(), "d" * 32, rows, dataclasses.replace(rows, probabilities=sure), 0.5
    )
    found = evaluation.disagreements
    assert [one.name for one in found] == [f"Product {row}" for row in range(59, 39, -1)]
    assert len(found) == DISAGREEMENTS
    assert all(one.filed_under != one.chosen for one in found)


def test_json_reads_back_equal() -> None:
    evaluation = _compare(0.9, 0.8)
    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation

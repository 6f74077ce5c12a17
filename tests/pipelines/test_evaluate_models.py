"""The models of the report, loaded as they are timed, choose what is scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.evaluate import evaluate
from pipelines.evaluate_models import fit_cascade, score_models
from pipelines.evaluate_rows import score_rows
from pipelines.evaluate_speed import Measured, learned_names, load_model, with_costs
from shelftag.artifacts import Dataset, Run
from shelftag.evaluation.beside_linear import ScoredRows
from shelftag.evaluation.models import (
    ALONE,
    CASCADE,
    CLOSED,
    FREE,
    LINEAR,
    LOOKUP,
    OURS,
    ModelRow,
)
from shelftag.evaluation.rows import read_rows
from shelftag.model.linear import LinearModel
from shelftag.tagging.tagger import Tagger
from tests import tiny

CONFIG = tiny.config("evaluation.untuned_rows=20", "evaluation.price_per_hour=2")


@pytest.fixture(scope="module")
def tagger(tiny_run: Run) -> Tagger:
    return Tagger.load(tiny_run, CONFIG.tagging)


@pytest.fixture(scope="module")
def linear(tiny_run: Run) -> LinearModel:
    return LinearModel.load(tiny_run.linear_dir)


@pytest.fixture(scope="module")
def scored(tiny_dataset: Dataset, tagger: Tagger, linear: LinearModel) -> dict[str, ScoredRows]:
    return {
        split: score_rows(read_rows(tiny_dataset, split, 0), tagger, linear)
        for split in ("train", "valid", "test")
    }


@pytest.fixture(scope="module")
def measured(
    tiny_run: Run, tiny_dataset: Dataset, linear: LinearModel, scored: dict[str, ScoredRows]
) -> Measured:
    floor = fit_cascade(learned_names(tiny_dataset), linear, scored["valid"])
    return Measured(tiny_run, tiny_dataset, CONFIG, floor)


@pytest.fixture(scope="module")
def rows(
    measured: Measured, tagger: Tagger, linear: LinearModel, scored: dict[str, ScoredRows]
) -> tuple[ModelRow, ...]:
    names = learned_names(measured.dataset)
    return score_models(measured, tagger, names, linear, scored["train"], scored["test"])


def test_what_is_timed_is_what_is_scored(
    measured: Measured, rows: tuple[ModelRow, ...], scored: dict[str, ScoredRows]
) -> None:
    test = scored["test"]
    found = {row.model: row for row in rows}
    assert set(found) >= {LOOKUP, LINEAR, CLOSED, FREE, ALONE, CASCADE, OURS}
    for model in (LOOKUP, LINEAR, ALONE, CASCADE, OURS):
        chosen = load_model(model, measured)(test.texts)
        assert found[model].accuracy == pytest.approx((chosen == test.labels).mean()), model
    assert found[CLOSED].rows == found[FREE].rows == 20
    assert found[LOOKUP].train_accuracy == 1
    assert found[OURS].accuracy > found[CLOSED].accuracy


def test_the_cascade_leaves_to_the_llama_what_it_says(
    measured: Measured,
    rows: tuple[ModelRow, ...],
    linear: LinearModel,
    scored: dict[str, ScoredRows],
) -> None:
    test = scored["test"]
    (cascade,) = (row for row in rows if row.model == CASCADE)
    margins = np.sort(linear.decision(test.texts), axis=1)
    unsure = margins[:, -1] - margins[:, -2] < measured.floor  # no test name is a train name
    assert cascade.reaches_llama == pytest.approx(unsure.mean())


@pytest.mark.slow
def test_each_is_timed_in_a_process_of_its_own(
    measured: Measured, rows: tuple[ModelRow, ...], scored: dict[str, ScoredRows]
) -> None:
    timed = with_costs(rows, measured, scored["test"].texts)
    assert [row.model for row in timed] == [row.model for row in rows]
    costs = {row.model: row.cost for row in timed if row.cost}
    assert set(costs) == {LOOKUP, LINEAR, ALONE, OURS, CASCADE}
    for cost in costs.values():
        assert cost.names == len(scored["test"].labels)
        assert cost.per_million == pytest.approx(2 * 1e6 / cost.names_per_s / 3600)
    assert costs[LOOKUP].names_per_s > costs[OURS].names_per_s
    assert costs[LOOKUP].peak_bytes < costs[OURS].peak_bytes  # it loads no torch


@pytest.mark.slow
def test_all_of_it(tiny_run: Run, tiny_dataset: Dataset) -> None:
    found = evaluate(tiny_run, tiny_dataset, CONFIG)
    assert all(row.cost for row in found.models if row.model in (LINEAR, OURS, CASCADE))
    assert found.trust is not None
    assert found.catalog is not None
    assert found.slices


@pytest.mark.slow
def test_what_cannot_be_timed_is_said(
    measured: Measured,
    rows: tuple[ModelRow, ...],
    scored: dict[str, ScoredRows],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    gone = replace(measured, run=Run(tmp_path / "gone"))
    timed = with_costs([row for row in rows if row.model == LINEAR], gone, scored["test"].texts)
    assert [row.cost for row in timed] == [None]
    assert "TF-IDF + linear was not timed" in capsys.readouterr().err

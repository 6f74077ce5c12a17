"""The models of the report's first table: what each chooses on the same products."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate_speed import Measured, learned_names
from shelftag.evaluation.beside_linear import ScoredRows
from shelftag.evaluation.free_generation import department_of
from shelftag.evaluation.models import (
    ALONE,
    CASCADE,
    CLOSED,
    FREE,
    LINEAR,
    LOOKUP,
    MAJORITY,
    OURS,
    Cost,
    ModelRow,
    model_row,
)
from shelftag.model.linear import LinearModel
from shelftag.tagging.cascade import Cascade, fit_floor, lead
from shelftag.tagging.tagger import Tagger
from shelftag.tagging.untuned import ask_untuned


def fit_cascade(linear: LinearModel, valid: ScoredRows) -> float:
    """From which lead on the linear model may answer alone, at no cost on validation."""
    margins = linear.decision(valid.texts)
    ours = valid.probabilities.argmax(axis=1) == valid.labels
    return fit_floor(lead(margins), margins.argmax(axis=1) == valid.labels, ours)


def score_models(
    measured: Measured,
    tagger: Tagger,
    linear: LinearModel,
    train: ScoredRows,
    test: ScoredRows,
    costs: Mapping[str, Cost],
) -> tuple[ModelRow, ...]:
    """Every model on the test split, in the order of the report."""
    names = learned_names(measured.dataset)
    ours = test.probabilities.argmax(axis=1)
    cheap, unsure = Cascade(names, linear, measured.floor, linear.predict).cheaply(test.texts)
    joined = cheap.copy()
    joined[unsure] = ours[unsure]
    chosen = {
        MAJORITY: np.full(len(test.labels), names.majority),
        LOOKUP: names.predict(test.texts),
        LINEAR: test.linear,
        CASCADE: joined,
        OURS: ours,
    }
    train_chosen = {
        MAJORITY: np.full(len(train.labels), names.majority),
        LOOKUP: names.predict(train.texts),
        LINEAR: train.linear,
        OURS: train.probabilities.argmax(axis=1),
    }
    if measured.run.manifest().inference.get("linear_weight"):
        chosen[ALONE] = tagger.chosen_alone(test.texts)
        train_chosen[ALONE] = tagger.chosen_alone(train.texts)
    rows = {
        model: model_row(
            model,
            each,
            test.linear,
            test.labels,
            test.purchases,
            test.scope,
            train_accuracy=_share(train_chosen.get(model), train.labels),
            reaches_llama=len(unsure) / len(cheap) if model == CASCADE else None,
            cost=costs.get(model),
        )
        for model, each in chosen.items()
    }
    order = (MAJORITY, LOOKUP, LINEAR, CLOSED, FREE, ALONE, CASCADE, OURS)
    rows |= _untuned(measured, test)
    return tuple(rows[model] for model in order if model in rows)


def _untuned(measured: Measured, test: ScoredRows) -> dict[str, ModelRow]:
    """The base before tuning, on a seeded sample."""
    config, rows = measured.config, min(measured.config.evaluation.untuned_rows, len(test.labels))
    if not rows:
        return {}
    drawn = np.random.default_rng(config.train.seed).choice(len(test.labels), rows, replace=False)
    texts = [test.texts[row] for row in drawn]
    template = str(measured.run.manifest().config["model"]["prompt"])
    asked = ask_untuned(measured.run, texts, template, config.train.per_device_eval_batch_size)
    free = [department_of(one.text, test.scope.labels) for one in asked.free]
    return {
        model: model_row(
            model,
            np.asarray(chosen, np.int64),
            test.linear[drawn],
            test.labels[drawn],
            test.purchases[drawn],
            test.scope,
        )
        for model, chosen in ((CLOSED, asked.closed_set), (FREE, np.array(free)))
    }


def _share(chosen: NDArray[np.int64] | None, labels: NDArray[np.int64]) -> float | None:
    return None if chosen is None else float((chosen == labels).mean())

"""The models of the report's first table: what each chooses on the same products."""

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate_speed import Measured
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
    ModelRow,
    model_row,
)
from shelftag.evaluation.selective import lead
from shelftag.model.linear import LinearModel
from shelftag.model.lookup import NameLookup
from shelftag.tagging.cascade import Cascade, fit_floor
from shelftag.tagging.tagger import Tagger
from shelftag.tagging.untuned import ask_untuned


def fit_cascade(names: NameLookup, linear: LinearModel, valid: ScoredRows) -> float:
    """From which lead on the linear model may answer alone, at no cost on validation.

    Of names that are not looked up: it decides no others.
    """
    unknown = np.flatnonzero(names.find(valid.texts) < 0)
    margins = linear.decision([valid.texts[row] for row in unknown])
    labels = valid.labels[unknown]
    ours = valid.probabilities[unknown].argmax(axis=1) == labels
    return fit_floor(lead(margins), margins.argmax(axis=1) == labels, ours)


def score_models(
    measured: Measured,
    tagger: Tagger,
    names: NameLookup,
    linear: LinearModel,
    train: ScoredRows,
    test: ScoredRows,
) -> tuple[ModelRow, ...]:
    """Every model on the test split, in the order of the report.

    Of another Dataset than the Run's own, names are not looked up: its train labels are nothing
    that the Run has seen.
    """
    ours = test.probabilities.argmax(axis=1)
    chosen, train_chosen = _chosen(names, test), _chosen(names, train)
    cheap, unsure = Cascade(names, linear, measured.floor, linear.predict).cheaply(test.texts)
    chosen[CASCADE] = cheap.copy()
    chosen[CASCADE][unsure] = ours[unsure]
    learned = measured.run.manifest()
    if learned.inference.get("linear_weight"):
        chosen[ALONE] = tagger.chosen_alone(test.texts)
        train_chosen[ALONE] = tagger.chosen_alone(train.texts)
    if learned.dataset != measured.dataset.manifest().fingerprint:
        del chosen[LOOKUP], chosen[CASCADE]
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
        )
        for model, each in chosen.items()
    }
    order = (MAJORITY, LOOKUP, LINEAR, CLOSED, FREE, ALONE, CASCADE, OURS)
    rows |= _untuned(measured, test)
    return tuple(rows[model] for model in order if model in rows)


def _chosen(names: NameLookup, rows: ScoredRows) -> dict[str, NDArray[np.int64]]:
    """What the models choose that are asked for train and test."""
    return {
        MAJORITY: np.full(len(rows.labels), names.majority),
        LOOKUP: names.predict(rows.texts),
        LINEAR: rows.linear,
        OURS: rows.probabilities.argmax(axis=1),
    }


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

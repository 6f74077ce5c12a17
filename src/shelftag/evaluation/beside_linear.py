"""A Run beside the linear baseline: from arrays to an Evaluation."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag import __version__
from shelftag.artifacts import RunManifest
from shelftag.evaluation.difference import paired_difference
from shelftag.evaluation.intervals import SEED
from shelftag.evaluation.models import ModelRow
from shelftag.evaluation.outcome import Disagreement, Evaluation, TrainTest
from shelftag.evaluation.scope import Scope
from shelftag.evaluation.scores import Scores, score_choices, score_probabilities

DISAGREEMENTS = 20


@dataclass(frozen=True)
class ScoredRows:
    """n products of one split, and what both models make of them."""

    scope: Scope
    table: pa.Table
    """Their rows of products.parquet."""
    names: list[str]
    """As the catalog has them, [n]."""
    texts: list[str]
    """As the models read them, [n]."""
    labels: NDArray[np.int64]
    """Positions in `scope.labels`, [n]."""
    purchases: NDArray[np.int64]
    """Order lines they stand in, [n]."""
    logits: NDArray[np.float32]
    """The Run's, [n, departments]."""
    probabilities: NDArray[np.float32]
    """The same, calibrated."""
    linear: NDArray[np.int64]
    """The linear baseline's choices, [n]."""


def beside_linear(
    run: RunManifest,
    dataset: str,
    train: ScoredRows,
    test: ScoredRows,
    threshold: float,
    models: tuple[ModelRow, ...] = (),
) -> Evaluation:
    """Score both models on both splits; `dataset` is the fingerprint of
    what was scored, and `models` are the rows of all there are.

    Raises:
        InputError: a split has no rows.
    """
    model = TrainTest(train=_model(train, threshold), test=_model(test, threshold))
    linear = TrainTest(train=_linear(train), test=_linear(test))
    return Evaluation(
        shelftag=__version__,
        run=run.fingerprint,
        dataset=dataset,
        base=run.base,
        labels=test.scope.labels,
        labels_count=len(test.scope.labels),
        unlabelled=test.scope.unlabelled,
        split_protocol=test.scope.protocol,
        rows_scored={rows.scope.split: rows.scope.rows for rows in (train, test)},
        model=model,
        linear=linear,
        difference=paired_difference(
            test.probabilities.argmax(axis=1) == test.labels, test.linear == test.labels, SEED
        ),
        models=models,
        disagreements=_disagreements(test),
    )


def _model(rows: ScoredRows, threshold: float) -> Scores:
    return score_probabilities(
        rows.probabilities, rows.labels, rows.purchases, rows.scope, threshold
    )


def _linear(rows: ScoredRows) -> Scores:
    return score_choices(rows.linear, rows.labels, rows.purchases, rows.scope)


def _disagreements(rows: ScoredRows) -> tuple[Disagreement, ...]:
    """The most confident choices that are not the label, surest first."""
    chosen = rows.probabilities.argmax(axis=1)
    confidence = rows.probabilities.max(axis=1)
    wrong = np.flatnonzero(chosen != rows.labels)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:DISAGREEMENTS]
    return tuple(
        Disagreement(
            name=rows.names[row],
            filed_under=rows.scope.labels[rows.labels[row]],
            chosen=rows.scope.labels[chosen[row]],
            confidence=float(confidence[row]),
        )
        for row in surest
    )

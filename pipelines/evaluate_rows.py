"""What a Run makes of products: probabilities, trust, slices, and what is kept for later."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run
from shelftag.evaluation.beside_linear import ScoredRows
from shelftag.evaluation.intervals import SEED
from shelftag.evaluation.predictions import predictions_of, write_predictions
from shelftag.evaluation.rows import Rows, read_rows
from shelftag.evaluation.scores import check_finite
from shelftag.evaluation.slices import Learned, Slice, slices
from shelftag.evaluation.trust import Trust, score_candidates, trust_of
from shelftag.model.linear import LinearModel
from shelftag.tagging.candidates import candidates_of
from shelftag.tagging.scaling import Scaling, probabilities
from shelftag.tagging.tagger import Tagger
from shelftag.training.examples import texts_of

ROWS_PER_STEP = 2_048
"""Products between two steps of the progress bar."""


def score_rows(rows: Rows, tagger: Tagger, linear: LinearModel) -> ScoredRows:
    """Ask both models; progress goes to stderr."""
    texts = texts_of(rows.table)
    logits = _logits(texts, tagger, f"scoring {rows.scope.split}")
    check_finite(logits, rows.scope)
    return ScoredRows(
        scope=rows.scope,
        names=rows.table["name"].to_pylist(),
        texts=texts,
        table=rows.table,
        labels=rows.labels,
        purchases=rows.table["purchases"].to_numpy().astype(np.int64),
        logits=logits,
        probabilities=probabilities(logits, tagger.calibration),
        linear=linear.predict(texts),
    )


def _logits(texts: Sequence[str], tagger: Tagger, what: str) -> NDArray[np.float32]:
    from rich.console import Console
    from rich.progress import track

    steps = range(0, len(texts), ROWS_PER_STEP)
    parts = [
        tagger.logits(texts[start : start + ROWS_PER_STEP])
        for start in track(steps, what, console=Console(stderr=True))
    ]
    return np.concatenate(parts)


def trust_in(tagger: Tagger, rows: ScoredRows) -> Trust:
    """What the Tagger's confidences are worth on these rows."""
    calibration, after = tagger.calibration, rows.probabilities
    bound = calibration.candidates_bound
    candidates = None
    if bound is not None and calibration.candidates_level is not None:
        inside = candidates_of(after, bound)
        candidates = score_candidates(inside, rows.labels, calibration.candidates_level)
    return trust_of(
        probabilities(rows.logits, Scaling()),
        after,
        rows.labels,
        rows.scope,
        way=calibration.how,
        target_precision=calibration.target_precision,
        certified=calibration.threshold,
        nominal=calibration.nominal_threshold,
        candidates=candidates,
        seed=SEED,
    )


def slices_of(dataset: Dataset, tagger: Tagger, test: ScoredRows) -> tuple[Slice, ...]:
    """Kinds of test products, worst first."""
    train = read_rows(dataset, "train", seed=0)
    ranking = tagger.ranked(test.probabilities)
    correct = ranking.departments[:, 0] == test.labels
    learned = Learned(train.table["name"].to_pylist(), train.labels)
    return slices(test.names, test.labels, correct, ranking.review, learned)


def keep_predictions(run: Run, dataset: Dataset, test: ScoredRows, tagger: Tagger) -> None:
    """Write each test product's tag, for `compare` and `drift`."""
    ranking = tagger.ranked(test.probabilities, top_k=1)
    chosen, confidence = ranking.departments[:, 0], ranking.confidence[:, 0]
    manifests = run.manifest(), dataset.manifest()
    write_predictions(
        run, predictions_of(*manifests, test.table, chosen, confidence, ranking.review)
    )

"""A Run and its Dataset -> scores.json and report.html.

    products --train, test--> Tagger ---------> probabilities --.
                        '---> linear baseline -> choices --------'-> Evaluation -> report

A plain process: some tens of thousands of products need no cluster. Writes under
RUN/evaluation/ and nowhere else.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run, write_text
from shelftag.config import Config
from shelftag.errors import ArtifactError
from shelftag.evaluation.compare import ScoredRows, compare
from shelftag.evaluation.free_generation import FreeGeneration, count_answers
from shelftag.evaluation.outcome import Evaluation, TrainTest
from shelftag.evaluation.report import free_cells, page
from shelftag.evaluation.rows import Rows, read_rows
from shelftag.evaluation.trust import Trust, score_candidates, trust_of
from shelftag.model.linear import LinearModel
from shelftag.model.runtime import set_up
from shelftag.report.page import render
from shelftag.tagging.candidates import candidates_of
from shelftag.tagging.free_generation import ask_freely
from shelftag.tagging.scaling import Scaling, probabilities
from shelftag.tagging.tagger import Tagger
from shelftag.training.examples import texts_of

if TYPE_CHECKING:
    from rich.table import Table

MAX_TRAIN_ROWS = 20_000
"""Train products scored: enough for a standard error of 0.3 points at a third of the time."""

FREE_ANSWERS = 200
"""Test products a generating Run is asked for freely: a diagnostic, a token at a time."""

ROWS_PER_STEP = 2_048
"""Products between two steps of the progress bar."""


def main(*, run: Path, dataset: Path, config: Config) -> None:
    """Score a Run, write what was found, and print the short of it."""
    set_up(config.scaling.threads_per_worker)
    scored = Run(run)
    evaluation = evaluate(scored, Dataset(dataset), config)
    publish(scored, evaluation)
    show(evaluation)
    print(f"report: {scored.evaluation_dir / 'report.html'}")


def evaluate(run: Run, dataset: Dataset, config: Config) -> Evaluation:
    """Score a Run beside the linear baseline on the split of its own Dataset.

    Raises:
        ArtifactError: the Run learned from another Dataset, or a folder is not complete.
        InputError: a split has no rows.
    """
    check_same_dataset(run, dataset)
    seed = config.train.seed
    tagger = Tagger.load(run, config.tagging)
    linear = LinearModel.load(run.linear_dir)
    train = read_rows(dataset, "train", seed, at_most=MAX_TRAIN_ROWS)
    test = read_rows(dataset, "test", seed)
    compared = compare(
        run.manifest(),
        score_rows(train, tagger, linear),
        score_rows(test, tagger, linear),
        tagger.threshold,
        seed,
    ).model_copy(update={"trust": trust_in(tagger, test, seed)})
    if run.manifest().inference.get("objective") != "generate":
        return compared
    sample = read_rows(dataset, "test", seed, at_most=FREE_ANSWERS)
    free = generate_freely(run, sample, tagger, config.train.per_device_eval_batch_size)
    return compared.model_copy(update={"free_generation": free})


def trust_in(tagger: Tagger, rows: Rows, seed: int) -> Trust:
    """What the Tagger's confidences are worth on these rows, already scored or not."""
    calibration, logits = tagger.calibration, tagger.logits(texts_of(rows.table))
    after, bound = probabilities(logits, calibration), calibration.candidates_bound
    candidates = None
    if bound is not None and calibration.candidates_level is not None:
        inside = candidates_of(after, bound)
        candidates = score_candidates(inside, rows.labels, calibration.candidates_level)
    return trust_of(
        probabilities(logits, Scaling()),
        after,
        rows.labels,
        rows.scope,
        way=calibration.how,
        target_precision=calibration.target_precision,
        certified=calibration.threshold,
        nominal=calibration.nominal_threshold,
        candidates=candidates,
        seed=seed,
    )


def check_same_dataset(run: Run, dataset: Dataset) -> None:
    """Refuse a Dataset the Run did not learn from: its test products may have been learned.

    Raises:
        ArtifactError: the fingerprints or the label sets differ.
    """
    learned, given = run.manifest(), dataset.manifest()
    if learned.dataset != given.fingerprint:
        raise ArtifactError(
            f"Run {run.path} learned from Dataset {learned.dataset[:12]}, and {dataset.path} is "
            f"{given.fingerprint[:12]}",
            "name the Dataset it was trained on, or train on this one",
        )
    if learned.departments != given.departments:
        raise ArtifactError(f"Run {run.path} has other departments than its Dataset", "train again")


def generate_freely(run: Run, rows: Rows, tagger: Tagger, batch_size: int) -> FreeGeneration:
    """Let the Run and its base answer freely, and read the tags in the same way."""
    texts, names = texts_of(rows.table), tagger.departments.names
    asked = ask_freely(run, texts, batch_size)
    before, tuned = (
        count_answers([one.text for one in answers], [one.ended for one in answers], names)
        for answers in (asked.before, asked.tuned)
    )
    tags = [tag.department for tag in tagger.tag(texts)]
    scorer = count_answers(tags, [True] * len(tags), names)
    return FreeGeneration(scope=rows.scope, before=before, tuned=tuned, scorer=scorer)


def score_rows(rows: Rows, tagger: Tagger, linear: LinearModel) -> ScoredRows:
    """Ask both models; progress goes to stderr."""
    texts = texts_of(rows.table)
    return ScoredRows(
        scope=rows.scope,
        names=rows.table["name"].to_pylist(),
        labels=rows.labels,
        purchases=rows.table["purchases"].to_numpy().astype(np.int64),
        probabilities=_probabilities(texts, tagger, f"scoring {rows.scope.split}"),
        linear=linear.predict(texts),
    )


def _probabilities(texts: Sequence[str], tagger: Tagger, what: str) -> NDArray[np.float32]:
    from rich.console import Console
    from rich.progress import track

    steps = range(0, len(texts), ROWS_PER_STEP)
    parts = [
        tagger.probabilities(texts[start : start + ROWS_PER_STEP])
        for start in track(steps, what, console=Console(stderr=True))
    ]
    return np.concatenate(parts) if parts else tagger.probabilities([])


def publish(run: Run, evaluation: Evaluation) -> None:
    """Write figures/, report.html and last scores.json, each replaced at once."""
    report = page(evaluation)
    for drawing in report.drawings:
        write_text(run.evaluation_dir / "figures" / f"{drawing.name}.svg", drawing.svg + "\n")
    write_text(run.evaluation_dir / "report.html", render(report))
    scores = evaluation.model_dump_json(indent=2) + "\n"
    write_text(run.evaluation_dir / "scores.json", scores)


def show(evaluation: Evaluation) -> None:
    """Print the verdict and a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table("", "train accuracy", "test accuracy", "macro-F1")
    models = {"this Run": evaluation.model, "linear baseline": evaluation.linear}
    for name, scores in models.items():
        table.add_row(name, *_cells(scores))
    console = Console()
    console.print(evaluation.verdict, highlight=False, soft_wrap=True)
    console.print(table)
    if evaluation.free_generation is not None:
        console.print(_free_table(evaluation.free_generation))
    for one in (evaluation.model.train, evaluation.model.test):
        console.print(f"{one.scope.sentence}.", highlight=False, soft_wrap=True)


def _free_table(free: FreeGeneration) -> "Table":
    from rich.table import Table

    title = f"{free.scope.rows} test products asked for freely"
    kinds = ("one department", "several", "unknown", "none", "not exactly one", "ended by itself")
    table = Table("", *kinds, title=title)
    answers = {"base": free.before, "tuned": free.tuned, "tuned, closed set": free.scorer}
    for name, counts in answers.items():
        table.add_row(name, *free_cells(counts))
    return table


def _cells(scores: TrainTest) -> tuple[str, str, str]:
    train, test = scores.train, scores.test
    return f"{train.accuracy:.1%}", f"{test.accuracy:.1%}", f"{test.macro_f1:.3f}"

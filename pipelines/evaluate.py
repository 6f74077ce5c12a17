"""A Run and its Dataset -> scores.json and report.html.

    products --train, test--> Tagger ---------> probabilities --.
                        '---> linear baseline -> choices --------'-> Evaluation -> report

A plain process: some tens of thousands of products need no cluster. Writes under
RUN/evaluation/ and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run, write_text
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import Split
from shelftag.config import Config
from shelftag.errors import ArtifactError
from shelftag.evaluation.compare import ScoredRows, compare
from shelftag.evaluation.outcome import Evaluation, TrainTest
from shelftag.evaluation.report import page
from shelftag.evaluation.scope import Scope
from shelftag.model.linear import LinearModel, fit_linear
from shelftag.report.page import render
from shelftag.tagging.tagger import Tagger
from shelftag.training.examples import read_examples, texts_of

MAX_TRAIN_ROWS = 20_000
"""Train products scored: enough for a standard error of 0.3 points at a third of the time."""

ROWS_PER_STEP = 2_048
"""Products between two steps of the progress bar."""


@dataclass(frozen=True)
class Rows:
    """n products of one split; `table` has their columns, `labels` [n] their positions."""

    scope: Scope
    table: pa.Table
    labels: NDArray[np.int64]


def main(*, run: Path, dataset: Path, config: Config) -> None:
    """Score a Run, write what was found, and print the short of it."""
    _quiet(config)
    scored = Run(run)
    evaluation = evaluate(scored, Dataset(dataset), config)
    publish(scored, evaluation)
    show(evaluation)
    print(f"report: {scored.evaluation_dir / 'report.html'}")


def _quiet(config: Config) -> None:
    """One thread pool of the configured size, and only our own lines on stderr."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(config.scaling.threads_per_worker)
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def evaluate(run: Run, dataset: Dataset, config: Config) -> Evaluation:
    """Score a Run beside the linear baseline on the split of its own Dataset.

    Raises:
        ArtifactError: the Run learned from another Dataset, or a folder is not complete.
        InputError: a split has no rows.
    """
    check_same_dataset(run, dataset)
    seed = config.train.seed
    tagger = Tagger.load(run, config.tagging)
    linear = linear_model(run, dataset, seed)
    train = read_rows(dataset, "train", seed, at_most=MAX_TRAIN_ROWS)
    test = read_rows(dataset, "test", seed)
    return compare(
        run.manifest(),
        score_rows(train, tagger, linear),
        score_rows(test, tagger, linear),
        tagger.threshold,
        seed,
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


def linear_model(run: Run, dataset: Dataset, seed: int) -> LinearModel:
    """The linear baseline that stands in the Run, else one fitted on the train split (seconds)."""
    departments = Departments(dataset.manifest().departments)
    if LinearModel.is_saved(run.linear_dir):
        model = LinearModel.load(run.linear_dir)
        if len(model.intercepts) != len(departments):
            raise ArtifactError(f"{run.linear_dir} has other departments", "remove that folder")
        return model
    examples = read_examples(dataset, departments, "train", count_alpha=0.0)
    return fit_linear(examples.texts, examples.labels, len(departments), seed)


def read_rows(dataset: Dataset, split: Split, seed: int, at_most: int | None = None) -> Rows:
    """The products of a split in catalog order, or a seeded sample of them."""
    table = pq.read_table(dataset.products_file)
    unlabelled = table.filter(pc.field("split") == "unlabelled")["department"]
    manifest = dataset.manifest()
    table = table.filter(pc.field("split") == split)
    of = len(table)
    if at_most is not None and of > at_most:
        drawn = np.random.default_rng(seed).choice(of, at_most, replace=False)
        table = table.take(np.sort(drawn))
    index = Departments(manifest.departments).index
    labels = [index[name] for name in table["department"].to_pylist()]
    scope = Scope(
        labels=manifest.departments,
        unlabelled=tuple(sorted(set(unlabelled.to_pylist()))),
        protocol=manifest.split_protocol,
        split=split,
        rows=len(table),
        of=of,
    )
    return Rows(scope, table, np.array(labels, np.int64))


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
    for one in (evaluation.model.train, evaluation.model.test):
        console.print(f"{one.scope.sentence}.", highlight=False, soft_wrap=True)


def _cells(scores: TrainTest) -> tuple[str, str, str]:
    train, test = scores.train, scores.test
    return f"{train.accuracy:.1%}", f"{test.accuracy:.1%}", f"{test.macro_f1:.3f}"

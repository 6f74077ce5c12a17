"""A Run and its Dataset -> scores.json and report.html.

    products --train, valid, test--> Tagger ------------> probabilities --.
                               '---> simpler means -> choices, names/s --'-> Evaluation -> report

A plain process: some tens of thousands of products need no cluster. Writes under
RUN/evaluation/ and nowhere else.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.evaluate_catalog import improve_catalog
from pipelines.evaluate_learning import learning
from pipelines.evaluate_models import fit_cascade, score_models
from pipelines.evaluate_rows import keep_predictions, score_rows, slices_of, trust_in
from pipelines.evaluate_speed import Measured, learned_names, with_costs
from shelftag.artifacts import Dataset, Run, locked, remove, write_text
from shelftag.artifacts.fetched import fetched, put_back
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.errors import ArtifactError
from shelftag.evaluation.beside_linear import beside_linear
from shelftag.evaluation.free_generation import FreeGeneration, count_answers
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.report import page
from shelftag.evaluation.report_models import SHORT_COLUMNS, free_cells, short_cells
from shelftag.evaluation.rows import Rows, read_rows
from shelftag.model.linear import LinearModel
from shelftag.model.runtime import release, set_up
from shelftag.report.page import render
from shelftag.tagging.calibration import load_calibration
from shelftag.tagging.free_generation import ask_freely
from shelftag.tagging.tagger import Tagger
from shelftag.training.card import model_card
from shelftag.training.examples import texts_of

if TYPE_CHECKING:
    from rich.table import Table

MAX_TRAIN_ROWS = 20_000
"""Train products scored: enough for a standard error of 0.3 points at a third of the time."""

FREE_ANSWERS = 200
"""Test products a generating Run is asked for freely: a diagnostic, a token at a time."""


def main(*, run: str | Path, dataset: Path, other_dataset: bool = False, config: Config) -> None:
    """Score a Run, write what was found, and print the short of it."""
    set_up(config.scaling.threads_per_worker)
    scored, learned_from = fetched(run), Dataset(dataset)
    check_same_dataset(scored, learned_from, other_dataset=other_dataset)
    folder = scored.evaluation_dir
    with locked(folder / ".lock", "evaluated"):
        evaluation = evaluate(scored, learned_from, config, other_dataset=other_dataset)
        if evaluation.not_its_own:
            folder = folder / f"other-{evaluation.dataset[:8]}"
        publish(scored, learned_from, evaluation, folder)
    put_back(scored, run)
    show(evaluation)
    print(f"report: {folder / 'report.html'}" + f", and in {run}" * ("://" in str(run)))


def evaluate(
    run: Run, dataset: Dataset, config: Config, *, other_dataset: bool = False
) -> Evaluation:
    """Score a Run beside simpler means on the split of its own Dataset.

    Raises:
        ArtifactError: the Run learned from another Dataset, and that is not meant; or from other
            departments; or a folder is not complete.
        InputError: a split has no rows.
        Failed: scores are not finite.
    """
    own = check_same_dataset(run, dataset, other_dataset=other_dataset)
    seed = config.train.seed
    # New departments are no labels: nothing here is filed under them.
    tagging = config.tagging.model_copy(update={"new_departments": ()})
    tagger = Tagger.load(run, tagging, threads=config.scaling.threads_per_worker)
    linear = LinearModel.load(run.linear_dir)
    train = score_rows(read_rows(dataset, "train", seed, at_most=MAX_TRAIN_ROWS), tagger, linear)
    valid = score_rows(read_rows(dataset, "valid", seed), tagger, linear)
    test = score_rows(read_rows(dataset, "test", seed), tagger, linear)
    names = learned_names(dataset)
    measured = Measured(run, dataset, config, fit_cascade(names, linear, valid))
    models = score_models(measured, tagger, names, linear, train, test)
    compared = beside_linear(
        run.manifest(), dataset.manifest().fingerprint, train, test, tagger.threshold, models
    )
    found: dict[str, Any] = {
        "slices": slices_of(dataset, tagger, test),
        "trust": trust_in(tagger, test),
        "corrected": sum(one.applied for one in dataset.manifest().overrides),
        "not_its_own": not own,
    }
    if own:
        keep_predictions(run, dataset, test, tagger)
        found["learning"] = learning(run, dataset, tagger, config)
        found["catalog"] = improve_catalog(run, dataset, tagger, config)
    if run.manifest().inference.get("objective") == "generate":
        sample = read_rows(dataset, "test", seed, at_most=FREE_ANSWERS)
        size = config.train.per_device_eval_batch_size
        found["free_generation"] = generate_freely(run, sample, tagger, size)
    if config.evaluation.speed:
        del tagger  # a large base may not fit a GPU twice
        release()
        found["models"] = with_costs(models, measured, test.texts)
    return compared.model_copy(update=found)


def check_same_dataset(run: Run, dataset: Dataset, *, other_dataset: bool = False) -> bool:
    """Whether a Run learned from this Dataset; if it did not, that has to be meant.

    Raises:
        ArtifactError: the fingerprints differ, and `other_dataset` does not say that this is
            meant; or the label sets differ.
    """
    learned, given = run.manifest(), dataset.manifest()
    own = learned.dataset == given.fingerprint
    if not own and not other_dataset:
        raise ArtifactError(
            f"Run {run.path} learned from Dataset {learned.dataset[:12]}, and {dataset.path} is "
            f"{given.fingerprint[:12]}: its test products may have been learned",
            "name the Dataset it was trained on, train on this one, or say --other-dataset",
        )
    if learned.departments != given.departments:
        apart = sorted(set(learned.departments) ^ set(given.departments))
        raise ArtifactError(
            f"Run {run.path} has other departments than {dataset.path}: only one of them has "
            f"{', '.join(map(repr, apart)) or 'this order'}",
            "train on this Dataset",
        )
    return own


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


def publish(run: Run, dataset: Dataset, evaluation: Evaluation, folder: Path) -> None:
    """Write figures/, report.html, the model card and last scores.json, each replaced at once."""
    report = page(evaluation)
    remove(folder / "figures")  # drawings of an earlier evaluation may not be in this one
    for drawing in report.drawings:
        write_text(folder / "figures" / f"{drawing.name}.svg", drawing.svg + "\n")
    write_text(folder / "report.html", render(report))
    calibration = load_calibration(run.calibration_file, Departments(evaluation.labels))
    card = model_card(run.manifest(), dataset.manifest(), calibration, evaluation)
    write_text(folder / "README.md", card)
    write_text(folder / "scores.json", evaluation.model_dump_json(indent=2) + "\n")


def show(evaluation: Evaluation) -> None:
    """Print the verdict and a table on stdout."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*SHORT_COLUMNS, box=box.SIMPLE_HEAD)
    for row in evaluation.models:
        table.add_row(*short_cells(row))
    console = Console()
    console.print(evaluation.verdict, highlight=False, soft_wrap=True)
    console.print(table)
    if evaluation.free_generation is not None:
        console.print(_free_table(evaluation.free_generation))
    if evaluation.catalog is not None:
        console.print(evaluation.catalog.sentence, highlight=False, soft_wrap=True)
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

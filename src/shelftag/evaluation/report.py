"""An Evaluation as a page that people look at."""

import numpy as np

from shelftag.evaluation.free_generation import FreeAnswers, FreeGeneration
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.report_trust import trust_drawings, trust_tables
from shelftag.evaluation.scores import DepartmentScores, Scores
from shelftag.report.figures import (
    confusion_heat_map,
    precision_and_recall,
    reliability_diagram,
    train_and_test,
)
from shelftag.report.page import Drawing, Page, Table, Tile, Tone, percent

TONES: dict[str, Tone] = {"better": "good", "even": "neutral", "worse": "bad"}


def page(evaluation: Evaluation) -> Page:
    """The whole report; its drawings are also worth a file each."""
    return Page(
        title="How well the departments are chosen",
        subtitle=f"Run {evaluation.run[:12]}, fine-tuned from {evaluation.base}. "
        f"{_scope(evaluation.model.test)}",
        verdict=evaluation.verdict,
        tone=TONES[evaluation.outcome],
        tiles=_tiles(evaluation),
        drawings=_drawings(evaluation),
        tables=_tables(evaluation),
        facts=_facts(evaluation),
    )


def _tiles(evaluation: Evaluation) -> tuple[Tile, ...]:
    model, linear = evaluation.model, evaluation.linear
    test = model.test
    tiles = [
        Tile(
            "test accuracy", f"{test.accuracy:.1%}", f"linear baseline {linear.test.accuracy:.1%}"
        ),
        Tile(
            "train accuracy", f"{model.train.accuracy:.1%}", f"{100 * model.gap:.1f} points above"
        ),
        Tile("macro-F1", f"{test.macro_f1:.3f}", f"linear baseline {linear.test.macro_f1:.3f}"),
        Tile("by purchases", percent(test.purchase_accuracy), "test accuracy, once a purchase"),
    ]
    if test.confidence is not None:
        sure = test.confidence
        tiles += [
            Tile(
                "need no review", f"{sure.coverage:.1%}", f"{percent(sure.precision)} of them right"
            ),
            Tile("calibration error", f"{sure.calibration_error:.3f}", "0 is perfect"),
        ]
    return tuple(tiles)


def _drawings(evaluation: Evaluation) -> tuple[Drawing, ...]:
    test = evaluation.model.test
    drawings = [
        _over_fitting(evaluation),
        _per_department(test),
        _confusion(test),
    ]
    if evaluation.trust is not None:
        return (*drawings, *trust_drawings(evaluation.trust))
    return (*drawings, _reliability(test)) if test.confidence is not None else tuple(drawings)


def _over_fitting(evaluation: Evaluation) -> Drawing:
    model, linear = evaluation.model, evaluation.linear
    svg = train_and_test(
        "accuracy",
        (
            ("this Run", model.train.accuracy, model.test.accuracy),
            ("linear baseline", linear.train.accuracy, linear.test.accuracy),
        ),
    )
    caption = (
        "Products learned from beside products never seen: the gap is what was learned by heart."
    )
    scope = f"Test: {_scope(model.test)} Train: {_scope(model.train)}"
    return Drawing("accuracy", "Learned, or learned by heart?", caption, scope, svg)


def _per_department(scores: Scores) -> Drawing:
    rows = [(one.department, one.support, one.precision, one.recall) for one in scores.departments]
    caption = (
        "Precision: of the products put there, how many belong. Recall: of those that belong, "
        "how many were put there. Their number in brackets."
    )
    svg = precision_and_recall("departments", rows)
    return Drawing("departments", "Department by department", caption, _scope(scores), svg)


def _confusion(scores: Scores) -> Drawing:
    caption = (
        "Each row is a department's products, each column where they were put. On the diagonal "
        "they are right; beside it, the darker, the more often confused."
    )
    svg = confusion_heat_map("confusion", scores.scope.labels, np.array(scores.confusion))
    return Drawing("confusion", "What is taken for what", caption, _scope(scores), svg)


def _reliability(scores: Scores) -> Drawing:
    assert scores.confidence is not None  # noqa: S101
    sure = scores.confidence
    points = [(one.confidence, one.accuracy) for one in sure.bins]
    caption = (
        "Fifteen groups of like confidence: on the dashed line, nine in ten tags of confidence "
        "0.9 are right. Below it the model is too sure of itself."
    )
    svg = reliability_diagram("reliability", points, sure.threshold)
    return Drawing("reliability", "Can its confidence be trusted?", caption, _scope(scores), svg)


def _tables(evaluation: Evaluation) -> tuple[Table, ...]:
    trust = () if evaluation.trust is None else trust_tables(evaluation.trust)
    tables = (*trust, _departments(evaluation.model.test), _disagreements(evaluation))
    free = evaluation.free_generation
    return tables if free is None else (*tables, _free_generation(free))


def _free_generation(free: FreeGeneration) -> Table:
    columns = ("", "one", "several", "unknown", "none", "not exactly one", "ended by itself")
    answers = {"base": free.before, "tuned": free.tuned, "tuned, closed set": free.scorer}
    return Table(
        title="Asked freely",
        caption="What is written after the prompt when any words may be: how many departments it "
        "names. Tags are chosen from the closed set instead, where every answer is one.",
        scope=f"{free.scope.sentence}.",
        columns=columns,
        rows=[(name, *free_cells(counts)) for name, counts in answers.items()],
        numbers=columns[1:],
    )


def free_cells(counts: FreeAnswers) -> tuple[str, ...]:
    """Answers by kind, the multi-department rate, and the share that ended by itself."""
    kinds = (counts.one, counts.several, counts.unknown, counts.none)
    shares = (counts.multi_department_rate, counts.ended / counts.answers)
    return (*map(str, kinds), *map(percent, shares))


def _departments(scores: Scores) -> Table:
    columns = ("department", "products", "put there", "precision", "recall", "F1")
    return Table(
        title="The same in numbers",
        caption="A dash: nothing to count.",
        scope=_scope(scores),
        columns=columns,
        rows=[_department_row(one) for one in scores.departments],
        numbers=columns[1:],
    )


def _department_row(one: DepartmentScores) -> tuple[str, ...]:
    shares = (one.precision, one.recall, one.f1)
    return (one.department, f"{one.support:,}", f"{one.chosen:,}", *map(percent, shares))


def _disagreements(evaluation: Evaluation) -> Table:
    return Table(
        title="Worth a second look",
        caption="Test products the model is surest to find elsewhere than where they are filed: "
        "its worst mistakes, or the catalog's.",
        scope=_scope(evaluation.model.test),
        columns=("product", "filed under", "the model says", "confidence"),
        rows=[
            (one.name, one.filed_under, one.chosen, f"{one.confidence:.2f}")
            for one in evaluation.disagreements
        ],
        numbers=("confidence",),
    )


def _facts(evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    scored = (f"{rows:,} {split}" for split, rows in evaluation.rows_scored.items())
    return (
        ("Run", evaluation.run),
        ("Dataset", evaluation.dataset),
        ("Base", evaluation.base),
        ("Departments trained", f"{evaluation.labels_count}: {', '.join(evaluation.labels)}"),
        ("Departments not learned", ", ".join(evaluation.unlabelled) or "none"),
        ("Products scored", ", ".join(scored)),
        ("Split by", evaluation.split_protocol.replace("_", " ")),
        ("Interval", f"{evaluation.difference.resamples:,} paired bootstraps over products"),
        ("Scored with", f"shelftag {evaluation.shelftag}"),
    )


def _scope(scores: Scores) -> str:
    return f"{scores.scope.sentence}."

"""An Evaluation as a page that people look at."""

import numpy as np

from shelftag.evaluation.intervals import Interval
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.report_catalog import catalog_tables
from shelftag.evaluation.report_learning import learning_drawings, learning_tables
from shelftag.evaluation.report_models import (
    free_table,
    model_tables,
    models_drawing,
    slices_drawing,
    slices_table,
)
from shelftag.evaluation.report_trust import trust_drawings, trust_tables
from shelftag.evaluation.scores import DepartmentScores, Scores
from shelftag.report.figures import (
    confusion_heat_map,
    precision_and_recall,
    train_and_test,
)
from shelftag.report.page import Drawing, Page, Table, Tile, Tone, percent

TONES: dict[str, Tone] = {"better": "good", "even": "neutral", "worse": "bad"}


def page(evaluation: Evaluation) -> Page:
    """The whole report; its drawings are also worth a file each."""
    return Page(
        title="How well the departments are chosen",
        subtitle=f"Run {evaluation.run[:12]}, fine-tuned from {_base(evaluation)}. "
        f"{_scope(evaluation.model.test)}",
        verdict=evaluation.verdict,
        tone=TONES[evaluation.outcome],
        tiles=_tiles(evaluation),
        drawings=_drawings(evaluation),
        tables=_tables(evaluation),
        facts=_facts(evaluation),
    )


def _base(evaluation: Evaluation) -> str:
    return "a made base" if evaluation.base == "../base" else evaluation.base


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
    drawings = [_over_fitting(evaluation), _per_department(test), _confusion(test)]
    if evaluation.trust is not None:
        drawings += trust_drawings(evaluation.trust)
    if evaluation.slices:
        drawings.insert(1, slices_drawing(evaluation))
    if evaluation.models:
        drawings.insert(0, models_drawing(evaluation))
    if evaluation.learning is not None:
        drawings += learning_drawings(evaluation.learning)
    return tuple(drawings)


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


def _tables(evaluation: Evaluation) -> tuple[Table, ...]:
    tables = [_departments(evaluation.model.test), _disagreements(evaluation)]
    if evaluation.free_generation is not None:
        tables.append(free_table(evaluation.free_generation))
    if evaluation.trust is not None:
        tables = [*trust_tables(evaluation.trust), *tables]
    if evaluation.slices:
        tables.insert(0, slices_table(evaluation))
    if evaluation.models:
        tables = [*model_tables(evaluation), *tables]
    if evaluation.learning is not None:
        tables += learning_tables(evaluation.learning)
    if evaluation.catalog is not None:
        tables += catalog_tables(evaluation.catalog, evaluation.labels_count)
    return tuple(tables)


def _departments(scores: Scores) -> Table:
    columns = ("department", "products", "put there", "precision", "recall", "F1")
    spans = zip(scores.intervals.precision, scores.intervals.recall, strict=True)
    return Table(
        title="The same in numbers",
        caption="In brackets: 95% intervals. A dash: nothing to count.",
        scope=_scope(scores),
        columns=columns,
        rows=[
            _department_row(one, *span) for one, span in zip(scores.departments, spans, strict=True)
        ],
        numbers=columns[1:],
    )


def _department_row(
    one: DepartmentScores, precision: Interval | None, recall: Interval | None
) -> tuple[str, ...]:
    shares = (_with(one.precision, precision), _with(one.recall, recall), percent(one.f1))
    return (one.department, f"{one.support:,}", f"{one.chosen:,}", *shares)


def _with(share: float | None, interval: Interval | None) -> str:
    if share is None or interval is None:
        return percent(share)
    return f"{share:.1%} ({interval.low:.0%} to {interval.high:.0%})"


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
        ("Base", _base(evaluation)),
        ("Departments trained", f"{evaluation.labels_count}: {', '.join(evaluation.labels)}"),
        ("Departments not learned", ", ".join(evaluation.unlabelled) or "none"),
        ("Products scored", ", ".join(scored)),
        ("Split by", evaluation.split_protocol.replace("_", " ")),
        ("Labels corrected by people", f"{evaluation.corrected:,}"),
        ("Interval", f"{evaluation.difference.resamples:,} paired bootstraps over products"),
        ("Scored with", f"shelftag {evaluation.shelftag}"),
    )


def _scope(scores: Scores) -> str:
    return f"{scores.scope.sentence}."

"""Protocols side by side, as a page."""

from shelftag.evaluation.models import LINEAR, LOOKUP, MAJORITY, OURS, ModelRow
from shelftag.evaluation.side_by_side import PROTOCOLS, Protocol, SideBySide
from shelftag.report.dots import Dot, dots
from shelftag.report.page import Drawing, Page, Table, percent

COLUMNS = ("model", "right, by purchase", "by product", "macro-F1", "train accuracy", "products")
SHOWN = (MAJORITY, LOOKUP, LINEAR, OURS)


def study_page(study: SideBySide) -> Page:
    """The table of every protocol; the explanation is its first line."""
    return Page(
        title="One model, several protocols",
        subtitle="The same data and the same training, split in different ways.",
        verdict=study.explanation,
        tone="neutral",
        tiles=(),
        drawings=[_drawing(one) for one in study.protocols],
        tables=[_table(one) for one in study.protocols],
        facts=[fact for one in study.protocols for fact in _facts(one)],
    )


def study_cells(row: ModelRow) -> tuple[str, ...]:
    """A row under `COLUMNS`."""
    return (
        row.model,
        percent(row.purchase_accuracy),
        f"{row.accuracy:.1%} ({row.accuracy_interval.low:.1%} to {row.accuracy_interval.high:.1%})",
        "–" if row.macro_f1 is None else f"{row.macro_f1:.3f}",  # noqa: RUF001
        percent(row.train_accuracy),
        f"{row.rows:,}",
    )


def title_of(one: Protocol) -> str:
    """The protocol in words, and whether it leaks."""
    leaks = " (leaks)" * one.evaluation.model.test.scope.leaks
    return f"Split {PROTOCOLS[one.split]}{leaks}, {one.evaluation.labels_count} departments"


def _table(one: Protocol) -> Table:
    return Table(
        title=f"{title_of(one)}, in numbers",
        caption="By purchase: each test product counts once an order line, as in the study. By "
        "product: each once. In brackets: 95% intervals, by bootstrap over products.",
        scope=f"{one.evaluation.model.test.scope.sentence}.",
        columns=COLUMNS,
        rows=[study_cells(row) for row in one.evaluation.models],
        numbers=COLUMNS[1:],
    )


def _drawing(one: Protocol) -> Drawing:
    name = f"{one.split}-{one.label_set}"
    shares = [_dot(one.row(model)) for model in SHOWN]
    title = title_of(one)
    caption = (
        "It leaks: names of test products stand in train too."
        if one.evaluation.model.test.scope.leaks
        else "No test name is a train name, in whatever order its words stand."
    )
    scope = f"By purchase. {one.evaluation.model.test.scope.sentence}."
    return Drawing(name, title, caption, scope, dots(name, title, shares))


def _dot(row: ModelRow) -> Dot:
    """By purchase, where anything was bought."""
    own = row.model == OURS
    if row.purchase_accuracy is None or row.purchase_interval is None:
        return Dot(
            row.model, row.accuracy, row.accuracy_interval.low, row.accuracy_interval.high, own
        )
    found = row.purchase_interval
    return Dot(row.model, row.purchase_accuracy, found.low, found.high, own)


def _facts(one: Protocol) -> tuple[tuple[str, str], ...]:
    name = f"{PROTOCOLS[one.split]}, {one.label_set}"
    return (
        (f"Run, {name}", one.evaluation.run),
        (f"Dataset, {name}", one.evaluation.dataset),
    )

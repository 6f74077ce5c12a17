"""The models, what they cost, and where this one is weak: parts of the report."""

from shelftag.evaluation.free_generation import FreeAnswers, FreeGeneration
from shelftag.evaluation.intervals import Interval
from shelftag.evaluation.models import ABOUT, LINEAR, OURS, ModelRow
from shelftag.evaluation.outcome import Evaluation
from shelftag.evaluation.scores import Scores
from shelftag.evaluation.slices import Slice
from shelftag.report.dots import Dot, dots
from shelftag.report.page import Drawing, Table, percent

SHORT_COLUMNS = ("model", "test", "vs linear", "macro-F1", "by purchase", "names/s")
MODEL_COLUMNS = (
    "model",
    "test accuracy",
    "less linear, points",
    "macro-F1",
    "by purchase",
    "names/s",
    "train accuracy",
)
DASH = "–"  # noqa: RUF001


def model_cells(row: ModelRow) -> tuple[str, ...]:
    """A row under `MODEL_COLUMNS`, with intervals."""
    model, accuracy, against, *others = short_cells(row)
    gap = row.difference
    paired = "" if gap is None else f" {_points(gap.low, gap.high)}"
    spans = f"{accuracy} {_span(row.accuracy_interval)}", f"{against}{paired}"
    return (model, *spans, *others, percent(row.train_accuracy))


def short_cells(row: ModelRow) -> tuple[str, ...]:
    """A row under `SHORT_COLUMNS`, for a terminal."""
    gap, cost = row.difference, row.cost
    return (
        row.model,
        f"{row.accuracy:.1%}",
        DASH if gap is None else f"{100 * gap.accuracy:+.1f}",
        DASH if row.macro_f1 is None else f"{row.macro_f1:.3f}",
        percent(row.purchase_accuracy),
        DASH if cost is None else f"{cost.names_per_s:,.0f}",
    )


def models_drawing(evaluation: Evaluation) -> Drawing:
    """Every model's accuracy with its interval, the linear baseline marked."""
    rows = [
        Dot(
            row.model,
            row.accuracy,
            row.accuracy_interval.low,
            row.accuracy_interval.high,
            own=row.model == OURS,
        )
        for row in evaluation.models
    ]
    baseline = next((row.accuracy for row in evaluation.models if row.model == LINEAR), None)
    mark = None if baseline is None else (baseline, "linear baseline")
    svg = dots("models", "Test accuracy of every model", rows, mark)
    caption = "Test accuracy, with what chance alone would do to it (95%, bootstrap over products)."
    return Drawing("models", "Against simpler means", caption, _scope(evaluation), svg)


def model_tables(evaluation: Evaluation) -> tuple[Table, ...]:
    """Scores, and where they were measured, what they cost."""
    about = "; ".join(f"{row.model}: {ABOUT[row.model]}" for row in evaluation.models)
    sampled = {row.rows for row in evaluation.models if row.rows < evaluation.model.test.scope.rows}
    sample = f" The untuned base was asked for {max(sampled):,} of them." if sampled else ""
    scores = Table(
        title="Every model on the same products",
        caption=f"In brackets: 95% intervals, paired for the difference. {about}.",
        scope=_scope(evaluation) + sample,
        columns=MODEL_COLUMNS,
        rows=[model_cells(row) for row in evaluation.models],
        numbers=MODEL_COLUMNS[1:],
    )
    timed = any(row.cost for row in evaluation.models)
    return (scores, _costs(evaluation)) if timed else (scores,)


def _costs(evaluation: Evaluation) -> Table:
    columns = ("model", "names/s", "peak memory", "hours a million", "a million costs", "to Llama")
    return Table(
        title="What they cost",
        caption="Timed on test names on this machine, each in a process of its own, loading not "
        f"counted. An hour at {_price(evaluation)} (evaluation.price_per_hour). To Llama: the "
        "share of names that the simpler means leave to it.",
        scope=_scope(evaluation),
        columns=columns,
        rows=[_cost_cells(row) for row in evaluation.models if row.cost],
        numbers=columns[1:],
    )


def _price(evaluation: Evaluation) -> str:
    cost = next(row.cost for row in evaluation.models if row.cost)
    return f"{cost.per_million / cost.hours_per_million:.4g}"


def _cost_cells(row: ModelRow) -> tuple[str, ...]:
    assert row.cost is not None  # noqa: S101
    return (
        row.model,
        f"{row.cost.names_per_s:,.0f}",
        f"{row.cost.peak_bytes / 1e9:.2f} GB",
        f"{row.cost.hours_per_million:.2g}",
        f"{row.cost.per_million:.2g}",
        percent(row.reaches_llama),
    )


def slices_drawing(evaluation: Evaluation) -> Drawing:
    """Kinds of products, the worst first."""
    rows = [
        Dot(f"{one.name} ({one.rows:,})", one.accuracy, one.interval.low, one.interval.high, True)
        for one in evaluation.slices
        if one.accuracy is not None and one.interval is not None
    ]
    svg = dots("slices", "Accuracy by kind of product", rows, (_test(evaluation).accuracy, "all"))
    caption = (
        "Accuracy on kinds of test products, the worst first; a product may be of several. A first "
        "word that is not in train is mostly an unknown brand."
    )
    return Drawing("slices", "Where it is weak", caption, _scope(evaluation), svg)


def slices_table(evaluation: Evaluation) -> Table:
    """The same in numbers, empty kinds too."""
    columns = ("kind", "products", "accuracy", "for review")
    return Table(
        title="Kinds of products",
        caption="A dash: there is no such product in the test split.",
        scope=_scope(evaluation),
        columns=columns,
        rows=[_slice_cells(one) for one in evaluation.slices],
        numbers=columns[1:],
    )


def _slice_cells(one: Slice) -> tuple[str, ...]:
    accuracy = DASH if one.interval is None else f"{one.accuracy:.1%} {_span(one.interval)}"
    return (one.name, f"{one.rows:,}", accuracy, percent(one.review))


def free_table(free: FreeGeneration) -> Table:
    """What a generating Run answers when not held to the departments."""
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


def _test(evaluation: Evaluation) -> Scores:
    return evaluation.model.test


def _scope(evaluation: Evaluation) -> str:
    return f"{_test(evaluation).scope.sentence}."


def _span(interval: Interval) -> str:
    return f"({interval.low:.1%} to {interval.high:.1%})"


def _points(low: float, high: float) -> str:
    return f"({100 * low:+.1f} to {100 * high:+.1f})"

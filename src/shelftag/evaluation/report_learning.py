"""What more labels bring, as parts of the report."""

from collections.abc import Sequence

from shelftag.evaluation.active import ActiveLearning, OrderCurve
from shelftag.evaluation.learning import Learning
from shelftag.evaluation.learning_curve import CurvePoint, LawPoint, LearningCurve
from shelftag.evaluation.resampled import Estimate
from shelftag.report.curves import Point, curve_and_law, orders_curve
from shelftag.report.page import Drawing, Table

PROXY = (
    "Measured with a small linear model in place of this Run, which would have to be trained anew "
    "for each point. At every size it knows how common the words of all train names are, labelled "
    "or not, as they are in a catalog that waits for labels; of test names it knows nothing."
)


def learning_drawings(learning: Learning) -> tuple[Drawing, ...]:
    """The learning curve and the orders' curves, those that could be measured."""
    curve, active = learning.curve, learning.active
    drawings = []
    if curve is not None:
        drawings.append(_curve_drawing(learning, curve))
    if active is not None:
        drawings.append(_orders_drawing(learning, active))
    return tuple(drawings)


def learning_tables(learning: Learning) -> tuple[Table, ...]:
    """The same in numbers."""
    curve, active = learning.curve, learning.active
    tables = []
    if curve is not None:
        tables.append(_curve_table(learning, curve))
    if active is not None:
        tables.append(_orders_table(learning, active))
    return tuple(tables)


def _curve_drawing(learning: Learning, curve: LearningCurve) -> Drawing:
    law = curve.law
    twice = law.twice
    caption = (
        f"{PROXY} Dots: measured, with 95% intervals. Line and band: a power law through them. "
        f"Carried on to {twice.labels:,} labels it says {_percents(twice.accuracy)}, if it goes on "
        f"to hold. One doubling earlier it would have said {_percents(law.expected)}, and "
        f"{law.found:.1%} was found: {_points(law.miss)} points off, which is "
        f"{'within' if law.held else 'more than'} chance."
    )
    points = [_point(one) for one in curve.points]
    svg = curve_and_law("learning-curve", points, [_point(one) for one in law.path])
    scope = _scope(learning, curve)
    return Drawing("learning-curve", "Would more labels help?", caption, scope, svg, narrow=True)


def _orders_drawing(learning: Learning, active: ActiveLearning) -> Drawing:
    caption = (
        f"{PROXY} It is given some labels and then asks for as many again, round by round. Random: "
        "of any product. Margin: of those it is least sure of. Departments: the same, in turns "
        f"over the departments. {savings(active)} {proof(active)}"
    )
    everything = learning.curve.points[-1].accuracy.value if learning.curve else None
    curves = [(one.order, [_point(point) for point in one.points]) for one in active.curves]
    svg = orders_curve("label-orders", curves, everything)
    scope = _scope(learning, active)
    return Drawing("label-orders", "Which product to label next?", caption, scope, svg, narrow=True)


def savings(active: ActiveLearning) -> str:
    """In a sentence, what each order saves against random."""
    labels, reached = active.budgets[-1], active.curves[0].points[-1].accuracy.value
    asking = ", ".join(
        f"{one.order} with about {_about(one.as_good)}" if one.as_good else f"{one.order} does not"
        for one in active.curves
        if one.order != "random"
    )
    return f"Random reaches {reached:.1%} with {labels:,} labels; {asking}."


def proof(active: ActiveLearning) -> str:
    """In a sentence, whether an order is better than random with all labels spent."""
    labels = active.budgets[-1]
    if active.proven is None:
        return f"With {labels:,} labels no order is proven better than random."
    return f"With {labels:,} labels {active.proven} is better than random beyond chance."


def _about(labels: int) -> str:
    """Two digits of it: more would claim too much."""
    return f"{float(f'{labels:.2g}'):,.0f}"


def _curve_table(learning: Learning, curve: LearningCurve) -> Table:
    columns = ("labels", "accuracy", "95% interval", "macro-F1", "95% interval of it")
    rows = [(f"{one.labels:,}", *_cells(one)) for one in curve.points]
    twice = curve.law.twice
    expected = (f"{twice.labels:,} (by the law)", *_share(twice.accuracy), "–", "–")  # noqa: RUF001
    return Table(
        title="The learning curve in numbers",
        caption=f"Means over {curve.repeats} draws of the products. Power law: error = "
        f"{curve.law.floor:.3f} + {curve.law.reducible:.3f} * (labels / all) ^ "
        f"-{curve.law.exponent:.2f}; how much of it is the first term, "
        "these points can hardly tell.",
        scope=_scope(learning, curve),
        columns=columns,
        rows=[*rows, expected],
        numbers=columns,
    )


def _orders_table(learning: Learning, active: ActiveLearning) -> Table:
    columns = ("labels", "order", "accuracy", "less random's, in points", "macro-F1", "best")
    rows = [
        _order_row(active, one, place)
        for place in range(len(active.budgets))
        for one in active.curves
        if place or one.order == "random"  # all begin with the same labels
    ]
    return Table(
        title="Orders of labelling in numbers",
        caption=f"Means over {active.repeats} draws of the first labels; 95% intervals in "
        f"brackets. {savings(active)} {proof(active)} label_next.csv has {learning.to_label:,} "
        f"products by {learning.order}{', the usual order' * (active.proven is None)}.",
        scope=_scope(learning, active),
        columns=columns,
        rows=rows,
        numbers=("labels", *columns[2:5]),
    )


def _order_row(active: ActiveLearning, one: OrderCurve, place: int) -> tuple[str, ...]:
    point, gain = one.points[place], one.gains[place]
    ahead = "" if one.order == "random" or not place else _points(gain)
    best = "best" if place and active.best(place) == one.order else ""
    accuracy, _, macro_f1, _ = _cells(point)
    return (f"{point.labels:,}", one.order, accuracy, ahead, macro_f1, best)


def _point(one: CurvePoint | LawPoint) -> Point:
    return Point(one.labels, one.accuracy.value, one.accuracy.low, one.accuracy.high)


def _cells(one: CurvePoint) -> tuple[str, ...]:
    f1 = one.macro_f1
    return (*_share(one.accuracy), f"{f1.value:.3f}", f"{f1.low:.3f} to {f1.high:.3f}")


def _share(one: Estimate) -> Sequence[str]:
    return f"{one.value:.1%}", f"{one.low:.1%} to {one.high:.1%}"


def _percents(one: Estimate) -> str:
    return f"{one.value:.1%} ({one.low:.1%} to {one.high:.1%})"


def _points(one: Estimate) -> str:
    return f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def _scope(learning: Learning, measured: LearningCurve | ActiveLearning) -> str:
    of = (
        f"a seeded sample of {learning.train_rows:,} of "
        if learning.train_rows < (learning.trained_of)
        else ""
    )
    return (
        f"{measured.scope.sentence}; labels drawn from {of}{learning.trained_of:,} train products."
    )

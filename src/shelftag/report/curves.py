"""Drawings of scores against labels, drawn for the width of a phone. Each returns one `<svg>`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from shelftag.report.svg import BASELINE, INK, MODEL, NARROW, WRONG, canvas, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 3.0
LINES = ((BASELINE, "s", "--"), (MODEL, "o", "-"), (WRONG, "^", "-."))
"""Colour, marker and dashes: no two lines differ by colour alone."""


class Point(NamedTuple):
    """A score with so many labels, and the ends of its interval."""

    labels: int
    score: float
    low: float
    high: float


def curve_and_law(name: str, points: Sequence[Point], law: Sequence[Point]) -> str:
    """Measured points with their intervals over a law's band; dashed where it is carried on."""
    with canvas(name, NARROW, HEIGHT) as figure:
        axes = figure.subplots()
        labels, scores, low, high = zip(*law, strict=True)
        axes.fill_between(labels, low, high, color=MODEL, alpha=0.2, linewidth=0)
        known = sum(point.labels <= points[-1].labels for point in law)
        axes.plot(labels[:known], scores[:known], color=MODEL, linewidth=1)
        axes.plot(labels[known - 1 :], scores[known - 1 :], color=MODEL, linewidth=1, ls=":")
        for point in points:
            axes.plot((point.labels,) * 2, (point.low, point.high), color=INK, linewidth=1)
        _dots(axes, points, INK, "o")
        axes.annotate(
            f"{scores[-1]:.1%}?",
            (labels[-1], scores[-1]),
            (0, 7),
            textcoords="offset points",
            ha="right",
            fontsize=8,
        )
        _label_axis(axes, [*(point.labels for point in points), law[-1].labels])
        return to_svg(figure, name, "Test accuracy against labels")


def orders_curve(
    name: str, curves: Sequence[tuple[str, Sequence[Point]]], everything: float | None
) -> str:
    """A line with its band for each of up to three (order, points), and all labels' score."""
    with canvas(name, NARROW, HEIGHT) as figure:
        axes = figure.subplots()
        for (order, points), (colour, marker, dashes) in zip(curves, LINES, strict=False):
            labels, scores, low, high = zip(*points, strict=True)
            axes.fill_between(labels, low, high, color=colour, alpha=0.15, linewidth=0)
            axes.plot(
                labels,
                scores,
                color=colour,
                linewidth=1.2,
                ls=dashes,
                marker=marker,
                markersize=3.5,
                label=order,
            )
        if everything is not None:
            axes.axhline(everything, color=INK, alpha=0.5, linewidth=0.8, ls=":")
            axes.text(
                labels[0], everything, f"all labels {everything:.1%}", va="bottom", fontsize=8
            )
        axes.legend(loc="lower right", fontsize=8)
        _label_axis(axes, labels)
        return to_svg(figure, name, "Test accuracy against labels spent, by order")


def _dots(axes: "Axes", points: Sequence[Point], colour: str, marker: str) -> None:
    labels, scores = [one.labels for one in points], [one.score for one in points]
    axes.plot(labels, scores, color=colour, marker=marker, markersize=3, linewidth=0)


def _label_axis(axes: "Axes", labels: Sequence[int]) -> None:
    """Labels double from tick to tick; scores are percentages."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(labels, [_short(one) for one in labels], fontsize=8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.grid(color=INK, alpha=0.12, linewidth=0.6)
    axes.set_xlabel("labelled products")


def _short(labels: int) -> str:
    return str(labels) if labels < 1_000 else f"{labels / 1_000:.3g}k"

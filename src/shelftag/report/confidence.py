"""Drawings of how far a confidence can be trusted, in the width of a phone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from shelftag.report.svg import BASELINE, INK, MODEL, NARROW, WRONG, canvas, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Bin(NamedTuple):
    """Products of like confidence, and where their accuracy would be by chance."""

    confidence: float
    accuracy: float
    low: float
    high: float


class Mark(NamedTuple):
    """A place on the risk-coverage curve worth a name."""

    label: str
    coverage: float
    risk: float


def reliability_band(name: str, title: str, bins: Sequence[Bin]) -> str:
    """Accuracy against confidence over the band of a perfectly calibrated model."""
    with canvas(name, NARROW, NARROW) as figure:
        axes = figure.subplots()
        sure = [one.confidence for one in bins]
        axes.plot((0, 1), (0, 1), color=INK, alpha=0.35, linewidth=0.8, linestyle="--")
        lows, highs = [one.low for one in bins], [one.high for one in bins]
        axes.fill_between(sure, lows, highs, color=BASELINE, alpha=0.35, linewidth=0)
        for colour, inside in ((MODEL, True), (WRONG, False)):
            shown = [one for one in bins if (one.low <= one.accuracy <= one.high) == inside]
            points = [one.confidence for one in shown], [one.accuracy for one in shown]
            axes.plot(*points, color=colour, marker="o", markersize=4, linewidth=0)
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_aspect("equal")
        axes.set_xlabel("confidence")
        axes.set_ylabel("share that is right")
        return to_svg(figure, name, title)


def risk_coverage_curve(
    name: str,
    points: Sequence[tuple[float, float]],
    marks: Sequence[Mark],
    target: float,
) -> str:
    """Share tagged wrong against share tagged, both 0 to 1, over a line at the risk allowed."""
    with canvas(name, NARROW, NARROW) as figure:
        axes = figure.subplots()
        axes.axhline(target, color=INK, alpha=0.35, linewidth=0.8, linestyle="--")
        axes.plot(*zip(*points, strict=True), color=MODEL, linewidth=1.5)
        top = 1.1 * max(target, *(risk for _, risk in points))
        for place, mark in enumerate(marks):
            _mark(axes, mark, top * (0.9 - 0.1 * place))
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, top)
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.1%}".replace(".0%", "%"))
        axes.set_xlabel("share tagged without a look")
        axes.set_ylabel("share of these that is wrong")
        return to_svg(figure, name, "Risk against coverage")


def _mark(axes: "Axes", mark: Mark, height: float) -> None:
    axes.plot((mark.coverage,) * 2, (mark.risk, height), color=INK, alpha=0.4, linewidth=0.8)
    axes.plot(mark.coverage, mark.risk, color=WRONG, marker="o", markersize=5)
    side, gap = ("right", -0.015) if mark.coverage > 0.4 else ("left", 0.015)
    axes.text(mark.coverage + gap, height, mark.label, ha=side, va="center", fontsize=8)

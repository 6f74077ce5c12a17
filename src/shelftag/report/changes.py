"""Drawings of what differs between two times or two models. Each returns one `<svg>` element."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shelftag.report.svg import BASELINE, INK, MODEL, WRONG, canvas, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PITCH = 0.3  # inches from one row to the next


def changes_of_departments(
    name: str, rows: Sequence[tuple[str, float | None, float | None]], allowed: float
) -> str:
    """Points (label, recall, precision) won or lost, and a line at the fall that is allowed.

    What is None has no dot.
    """
    with canvas(name, 5.1, 0.9 + PITCH * len(rows)) as figure:
        axes = figure.subplots()
        _rows(axes, [label for label, _, _ in rows])
        axes.axvline(0, color=INK, alpha=0.5, linewidth=0.8)
        axes.axvline(-100 * allowed, color=WRONG, linewidth=0.9, linestyle="--")
        for place, (word, colour) in enumerate((("recall", WRONG), ("precision", MODEL))):
            points = [(row, one[1 + place]) for row, one in enumerate(rows)]
            shown = [(row, 100 * change) for row, change in points if change is not None]
            heights = [row + 0.3 * (place - 0.5) for row, _ in shown]
            widths = [change for _, change in shown]
            axes.hlines(heights, 0, widths, color=colour, linewidth=1.2)
            axes.plot(widths, heights, "o", color=colour, markersize=4.5, label=word)
        axes.set_xlabel("points, candidate less champion")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=8)
        return to_svg(figure, name, "Change of recall and precision by department")


def shares_beside(name: str, title: str, rows: Sequence[tuple[str, float, float]]) -> str:
    """Bars for (label, share in the reference, share now)."""
    with canvas(name, 5.1, 0.9 + PITCH * len(rows)) as figure:
        axes = figure.subplots()
        _rows(axes, [label for label, _, _ in rows])
        places = np.arange(len(rows))
        for shift, values, colour, word in (
            (-0.19, [one for _, one, _ in rows], BASELINE, "reference"),
            (0.19, [one for _, _, one in rows], MODEL, "now"),
        ):
            axes.barh(places + shift, values, height=0.34, color=colour, linewidth=0, label=word)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=8)
        return to_svg(figure, name, title)


def _rows(axes: "Axes", labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(axis="x", color=INK, alpha=0.12, linewidth=0.6)

"""Shares as dots with their 95% intervals, one a line."""

from collections.abc import Sequence
from typing import NamedTuple

from shelftag.report.svg import BASELINE, INK, MODEL, canvas, cut, to_svg

LABEL_CHARACTERS = 44


class Dot(NamedTuple):
    """A share in 0..1 and its interval; `own` is what the page is about."""

    label: str
    value: float
    low: float
    high: float
    own: bool = False


def dots(name: str, title: str, rows: Sequence[Dot], mark: tuple[float, str] | None = None) -> str:
    """One line a row, from the top; `mark` is a share to compare with, and its name."""
    with canvas(name, 6.2, 0.75 + 0.3 * len(rows)) as figure:
        axes = figure.subplots()
        for row, one in enumerate(rows):
            colour = MODEL if one.own else BASELINE
            axes.plot((one.low, one.high), (row, row), color=colour, linewidth=3, alpha=0.45)
            axes.plot(one.value, row, color=colour, marker="o", markersize=6)
            axes.text(1.02, row, f"{one.value:.1%}", va="center", fontsize=8)
        if mark is not None:
            share, label = mark
            axes.axvline(share, color=INK, alpha=0.5, linewidth=0.8, linestyle="--")
            axes.text(share, -0.9, label, ha="center", va="bottom", fontsize=8)
        axes.set_yticks(range(len(rows)), [cut(one.label, LABEL_CHARACTERS) for one in rows])
        axes.set_xlim(-0.01, 1.12)
        axes.set_xticks((0, 0.2, 0.4, 0.6, 0.8, 1), ("0%", "20%", "40%", "60%", "80%", "100%"))
        axes.set_ylim(len(rows) - 0.4, -0.8)
        return to_svg(figure, name, title)

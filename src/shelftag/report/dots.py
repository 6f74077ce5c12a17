"""Shares as dots with their 95% intervals, one a line."""

from collections.abc import Sequence
from textwrap import wrap
from typing import NamedTuple

from shelftag.report.svg import BASELINE, INK, MODEL, canvas, cut, to_svg

LABEL_CHARACTERS = 26
"""In a line of a label; there are two lines at most."""

WIDTH = 4.3
"""Inches: all of it is seen on a phone."""


class Dot(NamedTuple):
    """A share in 0..1 and its interval; `own` is what the page is about."""

    label: str
    value: float
    low: float
    high: float
    own: bool = False


def dots(name: str, title: str, rows: Sequence[Dot], mark: tuple[float, str] | None = None) -> str:
    """One line a row, from the top; `mark` is a share to compare with, and its name."""
    with canvas(name, WIDTH, 0.75 + 0.34 * len(rows)) as figure:
        axes = figure.subplots()
        for row, one in enumerate(rows):
            colour = MODEL if one.own else BASELINE
            axes.plot((one.low, one.high), (row, row), color=colour, linewidth=3, alpha=0.45)
            axes.plot(one.value, row, color=colour, marker="o", markersize=6)
            axes.text(1.03, row, f"{one.value:.1%}", va="center", fontsize=8)
        if mark is not None:
            share, label = mark
            axes.axvline(share, color=INK, alpha=0.5, linewidth=0.8, linestyle="--")
            axes.text(share, -0.9, label, ha="center", va="bottom", fontsize=8)
        axes.set_yticks(range(len(rows)), [_label(one.label) for one in rows])
        axes.set_xlim(-0.02, 1.25)
        axes.set_xticks((0, 0.25, 0.5, 0.75, 1), ("0%", "25%", "50%", "75%", "100%"))
        axes.tick_params(axis="y", labelsize=8)
        axes.set_ylim(len(rows) - 0.4, -0.8)
        return to_svg(figure, name, title)


def _label(label: str) -> str:
    lines = wrap(label, LABEL_CHARACTERS)
    if len(lines) > 2:
        lines = [lines[0], cut(" ".join(lines[1:]), LABEL_CHARACTERS)]
    return "\n".join(lines)

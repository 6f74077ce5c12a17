"""Drawings of counts: by name, by number, by hour. Each returns one `<svg>` element."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shelftag.report.svg import INK, MODEL, NARROW, canvas, cut, sheet, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PITCH = 0.26  # inches from one bar to the next
BAR_POINTS = 5.0
MAX_LABEL = 30  # characters beside a value, in the width of a phone
HEIGHT = 2.1


class Bar(NamedTuple):
    """A name, how much of the full width its bar has, and the value as it is written."""

    label: str
    share: float
    value: str


def bars(name: str, title: str, rows: Sequence[Bar]) -> str:
    """Bars in the order given, each below its label and value."""
    with canvas(name, NARROW, PITCH * len(rows) + 0.05) as figure:
        axes = sheet(figure)
        bottoms = PITCH * (np.arange(len(rows)) + 1) - 0.04
        axes.hlines(bottoms, 0, NARROW, color=INK, alpha=0.1, linewidth=BAR_POINTS)
        widths = [NARROW * row.share for row in rows]
        axes.hlines(bottoms, 0, widths, color=MODEL, linewidth=BAR_POINTS)
        for row, bottom in zip(rows, bottoms, strict=True):
            axes.text(0, bottom - 0.07, cut(row.label, MAX_LABEL), fontsize=8)
            axes.text(NARROW, bottom - 0.07, row.value, fontsize=8, ha="right")
        return to_svg(figure, name, title)


def histogram(name: str, title: str, counts: Sequence[int], first: int, axis: str) -> str:
    """Counts of first, first + 1, ... as steps; `axis` says of what."""
    from matplotlib.ticker import MaxNLocator

    with canvas(name, NARROW, HEIGHT) as figure:
        axes = figure.subplots()
        edges = np.arange(first, first + len(counts) + 1) - 0.5
        axes.stairs(counts, edges, fill=True, color=MODEL, linewidth=0)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, 1.05 * max(1, *counts))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(lambda value, _: _short(value))
        axes.set_xlabel(axis)
        _grid(axes, "y")
        return to_svg(figure, name, title)


def _short(value: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"


def heat_map(name: str, title: str, counts: NDArray[np.int64], rows: str, columns: str) -> str:
    """Counts [rows, columns], the darker the more; `rows` and `columns` name what is numbered."""
    from matplotlib.colors import to_rgb

    cells = np.empty((*counts.shape, 4))
    cells[..., :3] = to_rgb(MODEL)
    cells[..., 3] = counts / max(1, counts.max())
    with canvas(name, NARROW, 0.75 + NARROW * counts.shape[0] / counts.shape[1]) as figure:
        axes = figure.subplots()
        axes.pcolormesh(cells, linewidth=0)
        for axis, size, step in (
            (axes.yaxis, counts.shape[0], 1),
            (axes.xaxis, counts.shape[1], 3),
        ):
            numbers = np.arange(0, size, step)
            axis.set_ticks(numbers + 0.5, [str(number) for number in numbers])
        axes.tick_params(length=0)
        axes.invert_yaxis()
        axes.set_ylabel(rows)
        axes.set_xlabel(columns)
        return to_svg(figure, name, title)


def lorenz_curve(name: str, title: str, shares: NDArray[np.float64], of: str, by: str) -> str:
    """Cumulated shares [points] at evenly spaced shares of the sorted population, 0 to 1.

    Lorenz, Methods of measuring the concentration of wealth, 1905: on the dashed line all are
    alike.
    """
    with canvas(name, NARROW, NARROW) as figure:
        axes = figure.subplots()
        along = np.linspace(0, 1, len(shares))
        axes.plot((0, 1), (0, 1), color=INK, alpha=0.35, linewidth=0.8, linestyle="--")
        axes.fill_between(along, shares, color=MODEL, alpha=0.22, linewidth=0)
        axes.plot(along, shares, color=MODEL, linewidth=1.5)
        ticks = np.linspace(0, 1, 5)
        axes.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
        axes.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.01)
        axes.set_xlabel(by)
        axes.set_ylabel(of)
        _grid(axes, "both")
        return to_svg(figure, name, title)


def _grid(axes: "Axes", which: str) -> None:
    axes.grid(axis=which, color=INK, alpha=0.12, linewidth=0.6)  # type: ignore[arg-type]

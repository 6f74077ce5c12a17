"""The drawings of a report, as functions of plain numbers. Each returns one `<svg>` element."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shelftag.report.svg import BASELINE, INK, MODEL, WRONG, canvas, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_OPACITY = 0.75
"""Cells are never so dark that the number in them cannot be read."""


def train_and_test(name: str, models: Sequence[tuple[str, float, float]]) -> str:
    """Accuracy on train and on test of (model, train, test), as bars side by side."""
    title = "Accuracy on train and on test"
    with canvas(name, 5.1, 0.7 + 0.75 * len(models)) as figure:
        axes = figure.subplots()
        for row, (_, train, test) in enumerate(models):
            colour = BASELINE if row else MODEL
            _bar(axes, row - 0.19, train, colour, 0.35, "train")
            _bar(axes, row + 0.19, test, colour, 1.0, "test")
        axes.set_yticks(range(len(models)), [model for model, _, _ in models])
        axes.set_xlim(0, 1.2)
        axes.set_xticks(np.linspace(0, 1, 6), [f"{share:.0%}" for share in np.linspace(0, 1, 6)])
        axes.invert_yaxis()
        return to_svg(figure, name, title)


def _bar(axes: "Axes", row: float, value: float, colour: str, opacity: float, word: str) -> None:
    axes.barh(row, value, height=0.36, color=colour, alpha=opacity, linewidth=0)
    axes.text(value + 0.008, row, f"{word} {value:.1%}", va="center", fontsize=8)


def precision_and_recall(
    name: str, departments: Sequence[tuple[str, int, float | None, float | None]]
) -> str:
    """Bars for (department, support, precision, recall), largest support first.

    What is None gets a dash in place of a bar.
    """
    ordered = sorted(departments, key=lambda one: -one[1])
    with canvas(name, 5.1, 0.8 + 0.34 * len(ordered)) as figure:
        axes = figure.subplots()
        for row, (_, _, precision, recall) in enumerate(ordered):
            _thin_bar(axes, row - 0.19, precision, MODEL)
            _thin_bar(axes, row + 0.19, recall, WRONG)
        axes.set_yticks(
            range(len(ordered)),
            [f"{department} ({support:,})" for department, support, _, _ in ordered],
        )
        axes.set_ylim(len(ordered) - 0.4, -0.6)
        axes.set_xlim(0, 1.08)
        axes.set_xticks(np.linspace(0, 1, 6), [f"{share:.0%}" for share in np.linspace(0, 1, 6)])
        axes.grid(axis="x", color=INK, alpha=0.12, linewidth=0.6)
        _legend(axes, (("precision", MODEL), ("recall", WRONG)))
        return to_svg(figure, name, "Precision and recall by department")


def _thin_bar(axes: "Axes", row: float, value: float | None, colour: str) -> None:
    if value is None:
        axes.text(0.005, row, "–", va="center", fontsize=7)  # noqa: RUF001
        return
    axes.barh(row, value, height=0.34, color=colour, linewidth=0)
    axes.text(value + 0.008, row, f"{value:.0%}", va="center", fontsize=7)


def _legend(axes: "Axes", entries: Sequence[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=label) for label, colour in entries]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(handles), fontsize=8
    )


def confusion_heat_map(name: str, labels: Sequence[str], counts: NDArray[np.int64]) -> str:
    """Counts [filed under, chosen]: right choices on the diagonal, mistakes in another colour.

    The darker a cell, the larger its share of its row (the square root of it, so that small
    confusions are seen too).
    """
    from matplotlib.colors import to_rgb

    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    cells = np.empty((*counts.shape, 4))
    cells[..., :3] = to_rgb(WRONG)
    cells[np.diag_indices(len(labels))] = (*to_rgb(MODEL), 0)
    cells[..., 3] = MAX_OPACITY * np.sqrt(shares)
    side = 1.9 + 0.33 * len(labels)
    with canvas(name, side, side - 0.3) as figure:
        axes = figure.subplots()
        axes.pcolormesh(cells, linewidth=0)
        _count_cells(axes, counts)
        _label_cells(axes, labels, counts)
        return to_svg(figure, name, "Confusion matrix")


def _count_cells(axes: "Axes", counts: NDArray[np.int64]) -> None:
    for row, column in np.argwhere(counts):
        axes.text(
            column + 0.5,
            row + 0.5,
            str(counts[row, column]),
            ha="center",
            va="center",
            fontsize=7.5,
            fontweight="bold" if row == column else "normal",
        )


def _label_cells(axes: "Axes", labels: Sequence[str], counts: NDArray[np.int64]) -> None:
    centres = np.arange(len(labels)) + 0.5
    rows = [f"{label} ({support:,})" for label, support in zip(labels, counts.sum(1), strict=True)]
    axes.set_yticks(centres, rows)
    axes.set_xticks(centres, labels, rotation=90)
    axes.tick_params(length=0, labelsize=8)
    axes.set_xlabel("department chosen")
    axes.set_ylabel("filed under")
    axes.invert_yaxis()
    axes.set_aspect("equal")
    for edge in range(len(labels) + 1):
        axes.axhline(edge, color=INK, alpha=0.1, linewidth=0.5)
        axes.axvline(edge, color=INK, alpha=0.1, linewidth=0.5)

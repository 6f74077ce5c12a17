"""What became of rows, as a flow: the width of a stream is its number of rows."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from shelftag.report.svg import NARROW, canvas, cut, sheet, to_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

PITCH = 0.46  # inches from one level to the next
FOOT = 0.4  # inches below the last level: its labels, and room before the next flow
GAP = 0.15  # inches between two nodes of a level, at least
HAIRLINE = 0.015  # inches: one row of millions is seen too
INSET = 0.04  # inches from a stream's edge to its label
BAR_POINTS = 7.0
MAX_LABEL = 48  # characters of a line; two stand side by side where a level has two nodes


class Node(NamedTuple):
    """So many rows of one fate; the label stands behind their number."""

    rows: int
    label: str
    colour: str


class Stream(NamedTuple):
    """Rows that go from a node of a level to a node of the next."""

    level: int
    source: int
    target: int
    rows: int


class Flow(NamedTuple):
    """Levels of one or two nodes, from the top down, and the streams between them."""

    levels: Sequence[Sequence[Node]]
    streams: Sequence[Stream]


def flows(name: str, title: str, each: Sequence[Flow]) -> str:
    """Flows below one another, each to its own scale: its first level has the full width.

    A Sankey diagram; the first node of a level stands on the left, the second on the right.
    """
    height = sum(PITCH * (len(flow.levels) - 1) + FOOT for flow in each)
    with canvas(name, NARROW, height) as figure:
        axes = sheet(figure)
        top = 0.06
        for flow in each:
            _draw(axes, flow, top)
            top += PITCH * (len(flow.levels) - 1) + FOOT
        return to_svg(figure, name, title)


def _draw(axes: "Axes", flow: Flow, top: float) -> None:
    from matplotlib.patches import PathPatch

    scale = (NARROW - GAP) / max(1, sum(node.rows for node in flow.levels[0]))
    for path, colour in _streams(flow, top, scale):
        axes.add_patch(PathPatch(path, facecolor=colour, alpha=0.22, linewidth=0))
    for depth, level in enumerate(flow.levels):
        for place, node in enumerate(level):
            left, width, y = _left(node, place, scale), _width(node, scale), top + PITCH * depth
            axes.hlines(y, left, left + width, color=node.colour, linewidth=BAR_POINTS)
            edge, side = (NARROW - INSET, "right") if place else (INSET, "left")
            lines = f"{node.rows:,} {node.label}".split("\n")
            text = "\n".join(cut(line, MAX_LABEL) for line in lines)
            axes.text(edge, y + 0.08, text, ha=side, va="top", fontsize=8, linespacing=1.15)


def _streams(flow: Flow, top: float, scale: float) -> Iterator[tuple["Path", str]]:
    """The outline of each stream; those of one node lie beside one another, in their order."""
    leaving: dict[tuple[int, int], float] = {}
    coming: dict[tuple[int, int], float] = {}
    for level, source, target, rows in flow.streams:
        if not rows:
            continue
        start, end = flow.levels[level][source], flow.levels[level + 1][target]
        width = max(HAIRLINE, rows * scale)
        x = leaving.get((level, source), _left(start, source, scale))
        to = coming.get((level, target), _left(end, target, scale))
        leaving[level, source], coming[level, target] = x + width, to + width
        yield _outline(x, to, width, top + PITCH * level, top + PITCH * (level + 1)), end.colour


def _outline(x: float, to: float, width: float, top: float, bottom: float) -> "Path":
    from matplotlib.path import Path

    middle = (top + bottom) / 2
    down = [(x, top), (x, middle), (to, middle), (to, bottom)]
    up = [(to + width, bottom), (to + width, middle), (x + width, middle), (x + width, top)]
    curve = [Path.CURVE4] * 3
    return Path([*down, *up], [Path.MOVETO, *curve, Path.LINETO, *curve])


def _width(node: Node, scale: float) -> float:
    return max(HAIRLINE, node.rows * scale) if node.rows else 0.0


def _left(node: Node, place: int, scale: float) -> float:
    return NARROW - _width(node, scale) if place else 0.0

"""matplotlib drawings as SVG that sits in a page: no pyplot, no global state, the same bytes twice.

Drawings are made in stand-in colours. In the SVG these become CSS variables with a fallback, so
one drawing suits a light page, a dark page and a file of its own.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NARROW = 3.2
"""Inches: such a drawing is as wide as a phone, and half as wide as the page on a desk."""

INK = "#010203"
MODEL = "#010204"
BASELINE = "#010205"
WRONG = "#010206"

COLOURS = {
    INK: "currentColor",
    MODEL: "var(--model, #3b7ddd)",
    BASELINE: "var(--baseline, #8b95a7)",
    WRONG: "var(--wrong, #e07b39)",
}

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and is small
    "text.parse_math": False,  # a dollar sign is a dollar sign
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.size": 0.0,
    "legend.frameon": False,
}

_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_TAG = re.compile(r"<[^>]*>")
_FONTS = re.compile(r"font-family: [^;\"]*")
_OWN_ID = re.compile(r"(\bid=\"|url\(#|href=\"#)")
_FONT_SHORTHAND = re.compile(r"(font: [^;\"]*?px) [^;\"]*")


@contextmanager
def canvas(name: str, width: float, height: float) -> Iterator["Figure"]:
    """An empty figure of width x height inches; draw and call `to_svg` inside."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({**STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # matplotlib only measures text here; the reader's browser has fonts for every script
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield Figure(figsize=(width, height), layout="constrained")


def sheet(figure: "Figure") -> "Axes":
    """Axes that are the whole figure, in inches from its upper left corner, without a frame."""
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, figure.get_figwidth())
    axes.set_ylim(figure.get_figheight(), 0)
    return axes


def cut(label: str, characters: int) -> str:
    """A label on one line, no longer than there is room for."""
    line = " ".join(label.split())
    return line if len(line) <= characters else f"{line[: characters - 1]}…"


def to_svg(figure: "Figure", name: str, title: str) -> str:
    """One `<svg>` element; `name` keeps its ids apart from those of other drawings in a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata=_NO_METADATA)
    svg = file.getvalue()
    svg = svg[svg.index("<svg ") :]  # no XML prologue inside a page
    svg = _TAG.sub(lambda tag: _adapted(tag[0], name), svg)
    natural = (
        f"--natural: {figure.get_figwidth() * 96:.0f}px"  # a page may not shrink it to nothing
    )
    attributes = f'role="img" aria-label={quoteattr(title)} style="{natural}"'
    return f"<svg {attributes} {svg.removeprefix('<svg ')}"


def _adapted(tag: str, name: str) -> str:
    """Fonts, ids and colours of the page; text between tags is left as it is."""
    tag = _FONTS.sub("font-family: system-ui, sans-serif", tag)
    tag = _FONT_SHORTHAND.sub(r"\1 system-ui, sans-serif", tag)
    tag = _OWN_ID.sub(rf"\g<1>{name}-", tag)
    for stand_in, colour in COLOURS.items():
        tag = tag.replace(stand_in, colour)
    return tag

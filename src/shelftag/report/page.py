"""One HTML page, complete in itself: a verdict, tiles, drawings, tables. Shared by every report.

Text is escaped by the template; only the `svg` of a Drawing, which our own figures made, is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

Tone = Literal["good", "neutral", "bad"]


@dataclass(frozen=True)
class Tile:
    """One number worth a glance."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Drawing:
    """One `<svg>` element, how to read it, and the labels and rows it speaks of."""

    name: str
    title: str
    caption: str
    scope: str
    svg: str
    narrow: bool = False
    """Drawn for half the page: two stand side by side where there is room."""

    @property
    def markup(self) -> Markup:
        """The element as it goes into the page; matplotlib has escaped the text in it."""
        return Markup(self.svg)  # noqa: S704


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; columns named in `numbers` are set to the right."""

    title: str
    caption: str
    scope: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """A report: the verdict is its first line."""

    title: str
    subtitle: str
    verdict: str
    tone: Tone
    tiles: Sequence[Tile]
    drawings: Sequence[Drawing]
    tables: Sequence[Table]
    facts: Sequence[tuple[str, str]]
    facts_title: str = "What was measured"


def render(page: Page) -> str:
    """The page as HTML that loads nothing from anywhere."""
    return _template().render(page=page)


@cache
def _template() -> Template:
    source = files("shelftag.report").joinpath("page.html").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


def percent(share: float | None) -> str:
    """A share in percent, or a dash."""
    return "–" if share is None else f"{share:.1%}"  # noqa: RUF001

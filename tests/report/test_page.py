"""The page: complete in itself, and safe with any text."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from shelftag.report.dots import Dot, dots
from shelftag.report.page import Drawing, Page, Table, Tile, render

ATTACK = "</style><script>alert(1)</script>\"'&"

PAGE = Page(
    title="A title",
    subtitle="of something",
    verdict="The verdict",
    tone="good",
    tiles=[Tile("accuracy", "86%", "a note")],
    drawings=[
        Drawing(
            name,
            "A drawing",
            "how to read it",
            "3 rows",
            dots(name, "shares", [Dot("a", 0.5, 0.4, 0.6)]),
        )
        for name in ("one", "two")
    ],
    tables=[Table("A table", "how to read it", "3 rows", ("x", "n"), [("a", "1")], ("n",))],
    facts=[("Run", "abc")],
)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def _parse(html: str) -> _Elements:
    parser = _Elements()
    parser.feed(html)
    parser.close()
    return parser


def test_is_well_formed_and_says_everything() -> None:
    parsed = _parse(render(PAGE))
    assert parsed.open == []
    for text in ("A title", "of something", "The verdict", "86%", "a note", "3 rows", "abc"):
        assert text in parsed.text


def test_loads_nothing() -> None:
    html = render(PAGE)
    for tag, attributes in _parse(html).seen:
        assert tag not in ("script", "link", "img", "iframe", "object", "base")
        for key, value in attributes.items():
            if key in ("src", "href", "xlink:href", "srcset", "action"):
                assert (value or "").startswith("#")
    assert re.findall(r"@import|url\((?!#)", html) == []
    assert "default-src 'none'" in html  # so that a browser would refuse to, too


def test_ids_stay_apart_between_drawings() -> None:
    ids = [attributes["id"] for _, attributes in _parse(render(PAGE)).seen if "id" in attributes]
    assert len(ids) > 10
    assert len(ids) == len(set(ids))


def test_readable_on_phones_and_in_the_dark() -> None:
    html = render(PAGE)
    assert "width=device-width" in html
    assert "prefers-color-scheme: dark" in html


@pytest.mark.parametrize(
    "page",
    [
        dataclasses.replace(PAGE, title=ATTACK),
        dataclasses.replace(PAGE, subtitle=ATTACK),
        dataclasses.replace(PAGE, verdict=ATTACK),
        dataclasses.replace(PAGE, tiles=[Tile(ATTACK, ATTACK, ATTACK)]),
        dataclasses.replace(PAGE, drawings=[Drawing("x", ATTACK, ATTACK, ATTACK, "<svg></svg>")]),
        dataclasses.replace(PAGE, tables=[Table(ATTACK, ATTACK, ATTACK, [ATTACK], [[ATTACK]])]),
        dataclasses.replace(PAGE, facts=[(ATTACK, ATTACK)]),
    ],
    ids=["title", "subtitle", "verdict", "tiles", "drawings", "tables", "facts"],
)
def test_text_is_escaped_everywhere(page: Page) -> None:
    parsed = _parse(render(page))
    assert "script" not in {tag for tag, _ in parsed.seen}
    assert ATTACK in parsed.text


def test_row_shorter_than_its_header_is_an_error() -> None:
    table = Table("A table", "", "", ("x", "n"), [("a",)])
    with pytest.raises(UndefinedError):
        render(dataclasses.replace(PAGE, tables=[table]))

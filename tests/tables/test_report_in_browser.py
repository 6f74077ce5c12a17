"""The report in a real browser, at the width of a phone and of a desk."""

from pathlib import Path

import pytest

from shelftag.report.page import render
from shelftag.tables.report import page
from tests import browser
from tests.tables.made_report import manifest, products
from tests.tables.test_report import SECTIONS


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A page with every section, and a department whose name is an attack."""
    browser.find()
    file = tmp_path / "report.html"
    file.write_text(render(page(manifest(), products())), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [360, 1200])
def test_fits_shows_everything_and_loads_nothing(report: Path, width: int) -> None:
    seen = browser.measure(report, width)
    assert seen["width"] == width
    assert seen["scroll_width"] <= width
    assert seen["headings"] == ["What was prepared", *SECTIONS, "What it was made from"]
    assert seen["console"] == []
    assert seen["loaded"] == []
    assert seen["active"] == 0


def test_drawings_are_read_on_a_phone_without_scrolling(report: Path) -> None:
    seen = browser.measure(report, 360)
    assert min(seen["drawn_px"]) >= 9.5
    assert all(inside <= box for box, inside in seen["drawings"])
    assert any(inside > box for box, inside in seen["tables"])  # which scroll in their box


def test_drawings_stand_two_in_a_row_on_a_desk(report: Path) -> None:
    phone, desk = (browser.measure(report, width) for width in (360, 1200))
    assert (phone["columns"], desk["columns"]) == (1, 2)


def test_light_and_dark(report: Path) -> None:
    light, dark = (browser.measure(report, 360, dark=dark) for dark in (False, True))
    assert light["paper"] == "rgb(246, 247, 249)"
    assert dark["paper"] == "rgb(17, 21, 28)"
    assert light["ink"] == "rgb(27, 35, 48)"
    assert dark["ink"] == "rgb(230, 234, 241)"

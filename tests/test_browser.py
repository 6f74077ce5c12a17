"""The browser tells on a page that is not in order, so that its silence means something."""

from pathlib import Path

import pytest

from tests import browser


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A page that is too wide, loads a picture and has a script that fails."""
    browser.find()
    file = tmp_path / "bad.html"
    file.write_text(
        '<!doctype html><title>bad</title><h1>Bad</h1><div style="width: 900px">wide</div>'
        '<img src="http://shop.test/a.png"><script>console.error("a failure")</script>'
    )
    return file


def test_what_is_wrong_is_measured(bad: Path) -> None:
    seen = browser.measure(bad, 360)
    assert seen["width"] == 360
    assert seen["scroll_width"] > 360
    assert seen["loaded"] == ["http://shop.test/a.png"]
    assert seen["active"] == 2
    assert any("a failure" in line for line in seen["console"])


def test_picture_of_a_page_is_written(bad: Path, tmp_path: Path) -> None:
    image = tmp_path / "bad.png"
    browser.screenshot(bad, 600, 400, image)
    head = image.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (600, 400)

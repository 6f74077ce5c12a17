"""A real browser, headless: what a page looks like and measures in it.

The page stands in a frame of the width asked for, since a browser's own window is never as narrow
as a phone. The browser may reach nothing but its files.
"""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MEASURE = """
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const root = page.documentElement;
  const all = (selector) => [...page.querySelectorAll(selector)];
  const widths = (one) => [one.clientWidth, one.scrollWidth];
  document.body.append(Object.assign(document.createElement("pre"), {
    id: "measured",
    textContent: JSON.stringify({
      width: root.clientWidth,
      scroll_width: root.scrollWidth,
      scroll_height: root.scrollHeight,
      headings: all("h1, h2").map((one) => one.textContent),
      drawings: all(".drawings .wide").map(widths),
      tables: all("main > section .wide").map(widths),
      columns: new Set(all(".drawings section").map((one) => one.offsetLeft)).size,
      drawn_px: all(".narrow svg text").map((one) => {
        const { a, b } = one.getScreenCTM();
        return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(a, b);
      }),
      paper: getComputedStyle(page.body).backgroundColor,
      ink: getComputedStyle(page.body).color,
      loaded: page.defaultView.performance.getEntriesByType("resource").map((one) => one.name),
      active: all("img, script, iframe, object, embed, link").length,
    }),
  }));
});
"""


def find() -> str:
    """The browser's program; the test is skipped where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (Debian's package is called so)")
    return program


def measure(page: Path, width: int, *, dark: bool = False) -> dict[str, Any]:
    """What the page measures at a width in CSS pixels; `console` holds what the browser said."""
    done = _run(page, width, 800, dark, "--dump-dom")
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    console = re.findall(r"CONSOLE.*", done.stderr)
    return {**json.loads(html.unescape(found[1])), "console": console}


def screenshot(page: Path, width: int, height: int, image: Path, *, dark: bool = False) -> None:
    """A PNG of the page."""
    _run(page, width, height, dark, f"--screenshot={image}")


def _run(
    page: Path, width: int, height: int, dark: bool, action: str
) -> subprocess.CompletedProcess[str]:
    frame = page.with_name(f"{page.stem}.frame.html")
    size = f"width: {width}px; height: {height}px; border: 0; display: block"
    frame.write_text(
        f'<!doctype html><meta name="color-scheme" content="light dark">'
        f'<body style="margin: 0"><iframe style="{size}" src="{page.name}"></iframe>'
        f"<script>{MEASURE}</script>",
        encoding="utf-8",
    )
    command = [
        find(),
        "--headless",
        "--no-sandbox",  # it refuses to run as root with one
        "--disable-gpu",
        "--hide-scrollbars",  # as on a phone
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--allow-file-access-from-files",  # the frame reads what it holds
        "--enable-logging=stderr",
        f"--user-data-dir={page.parent / 'profile'}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--window-size={max(width, 500)},{height}",
        action,
        frame.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

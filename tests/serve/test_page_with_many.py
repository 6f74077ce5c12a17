"""The page with 50,000 products, in a real browser."""

from time import perf_counter

import pytest
from playwright.sync_api import expect

from tests.serve.conftest import OpenPage, rows, take_file

ROWS = 50_000
MOST_ELEMENTS = 1_500


@pytest.mark.slow
def test_fifty_thousand_products(open_page: OpenPage) -> None:
    """The document stays small, and the page answers while it tags."""
    page = open_page()
    lines = (f'{place},"Product {place}, of its kind"\n' for place in range(ROWS))
    take_file(page, "id,name\n" + "".join(lines))
    began = perf_counter()
    page.get_by_role("button", name="Tag 50,000 products").click()
    expect(rows(page).first).to_contain_text("pets")
    first_s = perf_counter() - began
    page.keyboard.press("End")
    expect(page.locator(f"#row-{ROWS - 1}")).to_be_in_viewport(ratio=0.95)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#live")).to_contain_text("Stopped")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#live")).to_contain_text("Done: 50,000 products", timeout=120_000)
    all_s = perf_counter() - began
    assert page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
    page.locator("#grid").focus()
    page.keyboard.press("Home")
    keys_s = page.evaluate(SCROLL)
    said = page.locator("#progress-text").text_content()
    print(f"first row {first_s:.2f} s, all {all_s:.1f} s ({said}), 20 frames {keys_s:.2f} s")
    assert first_s < 10
    assert keys_s < 10


SCROLL = """async () => {
  const grid = document.getElementById("grid");
  const frame = () => new Promise(requestAnimationFrame);
  const began = performance.now();
  for (let part = 1; part <= 20; part += 1) {
    grid.scrollTop = (grid.scrollHeight * part) / 20;
    await frame();
    await frame();
    const { top, bottom } = grid.getBoundingClientRect();
    const seen = document.elementFromPoint(innerWidth / 2, Math.min(bottom, innerHeight) - 40);
    if (!seen?.closest(".body .row")) throw new Error(`nothing drawn at ${grid.scrollTop}, ${top}`);
  }
  return (performance.now() - began) / 1000;
}"""

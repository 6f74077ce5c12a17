"""What a catalog manager does on the page, in a real browser."""

from playwright.sync_api import expect

from tests.serve.conftest import OpenPage


def test_typed_names_are_tagged(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Product names").fill("Cat food\n\nSure dog food\n")
    page.get_by_role("button", name="Tag names").click()
    rows = page.locator(".body [role=row]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("pets")
    page.screenshot(path="/tmp/w6/page_shot.png")

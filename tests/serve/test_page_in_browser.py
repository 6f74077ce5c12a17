"""What a catalog manager does on the page, in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.serve.conftest import OpenPage, accept_all, rows, tag_names

PHONE = {"width": 390, "height": 844}


def test_typed_names_are_tagged(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Product names").fill("Cat food\n\n  \nSure dog food\n")
    page.keyboard.press("Control+Enter")
    expect(rows(page)).to_have_count(2)
    for text in ("Cat food", "pets", "50%", "bakery 25% · produce 13%", "one of: pets, bakery"):
        expect(rows(page).first).to_contain_text(text)
    expect(rows(page).locator(".status")).to_have_text(["review", "tagged"])
    expect(page.locator("#progress-text")).to_contain_text("2 of 2")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    bar = rows(page).first.locator(".bar")
    assert bar.evaluate(
        "(bar) => getComputedStyle(bar, '::before').width.slice(0, -2) / bar.offsetWidth"
    ) == pytest.approx(0.5, abs=0.02)


def test_the_model_is_told(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#model")).to_contain_text("made · fingerpr")
    expect(page.locator("#model")).to_contain_text("90.0% of 1,000 products it never saw")
    expect(page.locator("#model")).to_contain_text("below 75%")


def test_a_model_that_was_not_evaluated_says_so(open_page: OpenPage) -> None:
    card = {"name": "new", "fingerprint": "0" * 32, "departments": ["pets"], "threshold": 0.5}
    body = json.dumps([card | {"test_accuracy": None, "test_rows": None}])
    page = open_page(
        lambda page: page.route("**/v1/models", lambda route: route.fulfill(body=body))
    )
    expect(page.locator("#model-accuracy")).to_have_text("not evaluated")


def test_names_are_never_markup(open_page: OpenPage) -> None:
    page = open_page()
    name = '<img src=x onerror="document.title=1"><b>Bread</b> & "jam"'
    tag_names(page, name)
    expect(rows(page).locator(".name .main")).to_have_text(name)
    page.keyboard.press("Enter")
    expect(page.locator("#choice-title")).to_have_text(name)
    assert page.title() == "shelftag"


def test_review_by_keyboard_alone(open_page: OpenPage) -> None:
    """The next product to be reviewed takes the place of the one that was decided."""
    page = open_page()
    tag_names(page, "Apple", "Sure cat food", "Bread", "Cat food")
    page.get_by_label("Review").check()
    expect(rows(page).locator(".name .main")).to_have_text(["Apple", "Bread", "Cat food"])
    page.locator("#grid").focus()
    page.keyboard.press("Enter")
    options = page.get_by_role("option")
    expect(options).to_have_text(["petscandidate · 50%", "bakerycandidate · 25%", "produce13%"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(rows(page).locator(".name .main")).to_have_text(["Bread", "Cat food"])
    page.keyboard.press("b")  # a letter opens the choice with itself
    expect(options).to_have_text(["bakerycandidate · 25%"])
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # what the model said
    expect(page.locator("#nothing")).to_be_visible()
    page.get_by_label("Decided").check()
    expect(rows(page).locator(".department")).to_have_text(["produce", "bakery", "pets"])
    expect(rows(page).locator(".status")).to_have_text(["corrected", "corrected", "confirmed"])
    page.locator("#grid").focus()
    page.keyboard.press("Backspace")
    expect(rows(page).locator(".department")).to_have_text(["bakery", "pets"])
    expect(page.locator("#count-review")).to_have_text("1")


def test_escape_and_an_unknown_department_change_nothing(open_page: OpenPage) -> None:
    page = open_page()
    tag_names(page, "Apple")
    page.keyboard.press("x")
    expect(page.locator("#choice-none")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#choice")).to_be_hidden()
    expect(rows(page).locator(".status")).to_have_text("review")
    expect(page.locator("#grid")).to_be_focused()


def test_keys_move_and_the_active_row_is_told(open_page: OpenPage) -> None:
    page = open_page()
    tag_names(page, *(f"Name {number}" for number in range(200)))
    grid = page.locator("#grid")
    expect(grid).to_have_attribute("aria-rowcount", "201")
    for key, active in {"ArrowDown": 1, "End": 199, "ArrowUp": 198, "Home": 0}.items():
        page.keyboard.press(key)
        expect(grid).to_have_attribute("aria-activedescendant", f"row-{active}")
        row = page.locator(f"#row-{active}")
        expect(row).to_have_attribute("aria-rowindex", str(active + 2))
        expect(row).to_have_attribute("aria-selected", "true")
        expect(row).to_be_in_viewport(ratio=0.95)
    page.keyboard.press("PageDown")
    expect(grid).not_to_have_attribute("aria-activedescendant", "row-0")
    assert int(str(grid.get_attribute("aria-activedescendant")).removeprefix("row-")) > 3


def test_rows_that_come_and_go_stay_in_order(open_page: OpenPage) -> None:
    page = open_page()
    tag_names(page, *(f"Name {number}" for number in range(200)))
    for key in ("PageDown", "PageDown", "PageUp", "End", "PageUp", "Home", "ArrowDown"):
        page.keyboard.press(key)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        places = [int(str(row.get_attribute("aria-rowindex"))) for row in rows(page).all()]
        assert places == list(range(places[0], places[0] + len(places)))


def test_a_click_is_not_lost_to_tags_that_come_meanwhile(open_page: OpenPage) -> None:
    page = open_page()
    late: list[Route] = []
    page.route("**/v1/tag", lambda route: held(route, late))
    page.get_by_label("Product names").fill("\n".join(f"Tea {number}" for number in range(501)))
    page.get_by_role("button", name="Tag names").click()
    expect(page.locator("#progress-text")).to_contain_text("500 of 501")
    rows(page).nth(1).get_by_role("button", name="pets").hover()
    page.mouse.down()
    late[0].continue_()
    expect(page.locator("#live")).to_contain_text("Done")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    page.mouse.up()
    expect(page.locator("#choice-title")).to_have_text("Tea 1")


def held(route: Route, late: list[Route]) -> None:
    """The request for the last product waits."""
    if len(json.loads(route.request.post_data or "")["products"]) == 1:
        late.append(route)
    else:
        route.continue_()


def test_names_are_sought(open_page: OpenPage) -> None:
    """Within what the filter shows; a new catalog is shown whole."""
    page = open_page()
    tag_names(page, "Green tea", "Rye Bread", "Sure TEA", "Steak")
    sought = page.get_by_role("searchbox", name="Part of a name")
    names = rows(page).locator(".name .main")
    sought.press_sequentially(" tEa ")
    expect(names).to_have_text(["Green tea", "Sure TEA", "Steak"])
    expect(page.locator("#live")).to_have_text("3 products shown.")
    expect(sought).to_be_focused()
    expect(page.locator("#count-all")).to_have_text("3")
    page.get_by_label("Review").check()
    expect(names).to_have_text(["Green tea", "Steak"])
    sought.fill("nothing like it")
    expect(page.locator("#nothing")).to_be_visible()
    sought.fill("")
    expect(names).to_have_text(["Green tea", "Rye Bread", "Steak"])
    sought.fill("tea")
    tag_names(page, "Oats")
    expect(names).to_have_text("Oats")
    expect(sought).to_have_value("")


def test_all_that_is_shown_can_be_accepted(open_page: OpenPage) -> None:
    page = open_page()
    tag_names(page, "Green tea", "Rye bread", "Sure tea", "Black tea")
    asked: list[str] = []

    def leave_it(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    button = page.get_by_role("button", name="Accept all shown")
    page.get_by_role("searchbox", name="Part of a name").fill("tea")
    page.once("dialog", leave_it)
    button.click()
    assert asked == ["Accept the model's department for 2 products for review?"]
    expect(page.locator("#count-review")).to_have_text("2")
    accept_all(page)
    expect(rows(page).locator(".status")).to_have_text(["confirmed", "tagged", "confirmed"])
    expect(page.locator("#live")).to_have_text("Accepted: 2 products.")
    expect(page.locator("#grid")).to_be_focused()
    expect(button).to_be_disabled()
    page.get_by_role("searchbox", name="Part of a name").fill("")
    expect(page.locator("#count-review")).to_have_text("1")
    expect(button).to_be_enabled()


def test_a_pointer_chooses_too(open_page: OpenPage) -> None:
    page = open_page()
    tag_names(page, "Apple", "Bread")
    rows(page).nth(1).get_by_role("button", name="pets").click()
    page.get_by_role("option", name="bakery").click()
    expect(rows(page).locator(".status")).to_have_text(["review", "corrected"])


def test_who_cannot_see_is_told(open_page: OpenPage) -> None:
    page = open_page()
    tag_names(page, "Apple", " ", "Bread")
    expect(page.locator("#live")).to_have_text("Done: 2 products, 2 for review, 0 errors.")
    assert page.evaluate("[...grid.children].map((one) => one.role)") == ["rowgroup"] * 2
    for role, count in ROLES.items():
        expect(page.locator(f"role={role}")).to_have_count(count)
    named = page.locator("input, select, textarea, button:not(.choose), [role=grid], dialog")
    for control in named.all():
        assert control.evaluate(NAMED), control.evaluate("(one) => one.outerHTML")


ROLES = {"banner": 1, "main": 1, "grid": 1, "progressbar": 1, "columnheader": 5}
NAMED = """(one) => one.labels?.length || one.ariaLabel || one.ariaLabelledByElements?.length ||
    one.textContent.trim()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_it(
    open_page: OpenPage, scheme: str, tmp_path: Path
) -> None:
    page = open_page(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme)
    tag_names(page, "Supercalifragilistic" * 40, "Bread with many words " * 20, "Sure")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert overlapping(page) == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 28)"
    assert dark == (scheme == "dark")
    rows(page).first.get_by_role("button").tap()
    box = page.locator("#choice").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    page.screenshot(path=tmp_path / "phone.png")
    assert (tmp_path / "phone.png").stat().st_size > 10_000


def overlapping(page: Page) -> list[str]:
    """Cells of the first rows that reach out of their row."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".body .row > *")].filter((cell) => {
          const [inner, outer] = [cell, cell.parentNode].map((one) => one.getBoundingClientRect());
          return inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1;
        }).map((cell) => cell.className)"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(open_page: OpenPage, scheme: str) -> None:
    """At least 4.5 to 1: https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    page = open_page(color_scheme=scheme)
    tag_names(page, "Apple", "Sure")
    names = ("ink", "soft", "neutral", "good", "bad", "model")
    colors = page.evaluate(
        """(names) => names.map((name) => getComputedStyle(document.documentElement)
          .getPropertyValue(`--${name}`))""",
        [*names, "card", "hover", "on-model"],
    )
    light = dict(zip([*names, "card", "hover", "on-model"], map(luminance, colors), strict=True))
    for name in names[:-1]:
        assert contrast(light[name], light["card"]) >= 4.5, name
    assert contrast(light["soft"], light["hover"]) >= 4.5
    assert contrast(light["on-model"], light["model"]) >= 4.5


def luminance(color: str) -> float:
    """Of #rrggbb, as WCAG defines it."""
    values = [int(color.strip()[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)

"""What the page does when the endpoint does not answer as it should, in a real browser."""

import json
from collections.abc import Callable

from playwright.sync_api import Browser, Page, Route, expect

from tests.serve.conftest import OpenPage, rows

TAG = "**/v1/tag"


def answers(page: Page, *first: Callable[[Route], None]) -> list[Route]:
    """The first requests for tags are answered so, later ones by the endpoint; all of them."""
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) <= len(first):
            first[len(asked) - 1](route)
        else:
            route.continue_()

    page.route(TAG, answer)
    return asked


def status(number: int, **headers: str) -> Callable[[Route], None]:
    """An error in the endpoint's shape."""
    body = json.dumps({"status": number, "title": "Title", "detail": f"detail of {number}"})
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda route: route.fulfill(status=number, body=body, headers=headers)


def start(page: Page, *names: str) -> None:
    page.get_by_label("Product names").fill("\n".join(names))
    page.get_by_role("button", name="Tag names").click()


def names_of(route: Route) -> list[str]:
    body = json.loads(route.request.post_data or "")
    return [product["name"] for product in body["products"]]


def expect_all_tagged(page: Page, count: int) -> None:
    expect(page.locator("#progress-text")).to_contain_text(f"{count} of {count}")
    expect(rows(page).locator(".department")).to_have_text(["pets"] * count)
    expect(page.get_by_role("alert")).to_be_hidden()


FAULTS: dict[str, Callable[[Route], None]] = {
    "The server does not answer.": lambda route: route.abort("connectionrefused"),
    "The server failed (500: detail of 500).": status(500),
    "The server failed (504: detail of 504).": status(504),
    "The server refused (404: detail of 404).": status(404),
    "The server failed (502).": lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"),
    "is not JSON.": lambda route: route.fulfill(body="<h1>Sign in</h1>"),
    "answer is not a tagger's.": lambda route: route.fulfill(body="{}"),
}

NAMES = [f"Tea {number}" for number in range(30)]  # more than a screen has


def test_a_fault_is_told_and_can_be_tried_again(open_page: OpenPage) -> None:
    page = open_page()
    answers(page, *FAULTS.values())
    start(page, *NAMES)
    for words in FAULTS:
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_role("alert")).to_contain_text("0 of 30 products done.")
        expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
        page.get_by_role("button", name="Try again").click()
    expect(page.locator("#live")).to_contain_text("Done: 30 products")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_server_that_is_away_at_first_can_be_asked_again(open_page: OpenPage) -> None:
    page = open_page(lambda page: page.route("**/v1/models", lambda route: route.abort()))
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    expect(page.locator("#model")).to_be_hidden()
    page.unroute("**/v1/models")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#model")).to_be_visible()


def test_a_server_that_is_busy_at_first_is_told_of(open_page: OpenPage) -> None:
    """To who sees and who listens, before anything is tagged."""
    busy = status(503, retry_after="600")
    page = open_page(lambda page: page.route("**/v1/models", busy))
    expect(page.locator("#busy")).to_contain_text("The server is busy: going on in")
    expect(page.locator("#busy")).to_be_in_viewport(ratio=1)
    expect(page.locator("#live")).to_have_text("The server is busy: going on in 600 s")


def test_a_busy_server_is_waited_for(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(WATCH)
    asked = answers(page, status(429, retry_after="1"), status(503, retry_after="2"))
    start(page, "Tea")
    expect_all_tagged(page, 1)
    assert page.evaluate("said.filter(Boolean)") == [
        "The limit of requests is reached: going on in 1 s",
        "The server is busy: going on in 2 s",
        "The server is busy: going on in 1 s",
    ]
    expect(page.locator("#busy")).to_be_empty()
    assert len(asked) == 3


WATCH = """() => {
  window.said = [];
  const busy = document.getElementById("busy");
  new MutationObserver(() => said.push(busy.textContent)).observe(busy, { childList: true });
}"""


def test_waiting_can_be_stopped_and_gone_on_with(open_page: OpenPage) -> None:
    page = open_page()
    answers(page, status(503, retry_after="600"))
    start(page, "Tea")
    expect(page.locator("#busy")).to_contain_text("going on in 600 s")
    expect(page.locator("#busy")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#live")).to_have_text("Stopped: 0 of 1 product done.")
    expect(page.locator("#busy")).to_be_empty()
    page.get_by_role("button", name="Go on").click()
    expect_all_tagged(page, 1)


def test_a_key_is_asked_for_and_kept_for_the_tab(open_page: OpenPage) -> None:
    def guard(route: Route) -> None:
        sent = route.request.headers.get("authorization")
        if sent == "Bearer right":
            route.continue_()
        else:
            status(401, www_authenticate="Bearer")(route)

    page = open_page(lambda page: page.route("**/v1/*", guard))
    key = page.locator("#key")
    expect(key).to_contain_text("asks for one")
    expect(page.get_by_role("textbox", name="Key")).to_have_attribute("type", "password")
    page.get_by_role("textbox", name="Key").fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(key).to_contain_text("did not take this key")
    page.get_by_role("textbox", name="Key").fill(" right ")
    page.keyboard.press("Enter")
    expect(key).to_be_hidden()
    expect(page.locator("#model")).to_be_visible()
    start(page, "Tea")
    expect_all_tagged(page, 1)
    stored = page.evaluate("[Object.values(sessionStorage), localStorage.length, document.cookie]")
    assert stored == [["right"], 0, ""]
    assert "right" not in page.url


def test_without_a_key_the_page_waits(open_page: OpenPage) -> None:
    page = open_page(lambda page: page.route("**/v1/models", status(401)))
    page.locator("#key").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("The server asks for an API key.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#key")).to_be_visible()


def test_what_is_too_large_is_sent_in_parts(open_page: OpenPage) -> None:
    """Down to one product, which then is an error of its own."""
    page = open_page()
    sent: list[list[str]] = []

    def limited(route: Route) -> None:
        names = names_of(route)
        sent.append(names)
        too_large = len(names) > 2 or "huge" in names
        (status(413) if too_large else lambda route: route.continue_())(route)

    page.route(TAG, limited)
    start(page, "a", "b", "huge", "c", "d")
    expect(page.locator("#live")).to_contain_text("Done: 5 products, 4 for review, 1 error.")
    expect(rows(page).locator(".department")).to_have_text(
        ["pets", "pets", "choose", "pets", "pets"]
    )
    expect(rows(page).nth(2)).to_contain_text("detail of 413")
    tagged = [name for names in sent if len(names) < 3 and "huge" not in names for name in names]
    assert sorted(tagged) == ["a", "b", "c", "d"]


def test_an_error_stands_in_its_row(open_page: OpenPage) -> None:
    page = open_page()
    start(page, "Tea", "x" * 1_001, "Oats")
    page.get_by_label("Errors").check()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("the name has more than 1,000 characters")


def test_a_product_that_the_answer_leaves_out_is_an_error(open_page: OpenPage) -> None:
    page = open_page()
    body = json.dumps({"model": "fingerprint", "tags": [], "errors": []})
    answers(page, lambda route: route.fulfill(body=body))
    start(page, "Tea")
    expect(rows(page)).to_contain_text("the server's answer left it out")


def test_a_model_that_was_replaced_meanwhile_is_shown(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#model")).to_contain_text("made")
    card = {"name": "next", "fingerprint": "f" * 32, "departments": ["pets"], "threshold": 0.5}
    cards = json.dumps([card | {"test_accuracy": 0.5, "test_rows": 10}])
    page.route("**/v1/models", lambda route: route.fulfill(body=cards))
    body = json.dumps({"model": "f" * 32, "tags": [], "errors": []})
    answers(page, lambda route: route.continue_(), lambda route: route.fulfill(body=body))
    start(page, *["Tea"] * 501)
    expect(page.locator("#model")).to_contain_text("next · ffffffff")
    expect(page.get_by_role("alert")).to_contain_text("these are tags of two")


def test_corrections_are_not_thrown_away_unasked(open_page: OpenPage) -> None:
    page = open_page()
    start(page, "Tea")
    expect_all_tagged(page, 1)
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.once("dialog", lambda dialog: dialog.dismiss())
    start(page, "Oats")
    expect(rows(page)).to_contain_text("Tea")
    page.once("dialog", lambda dialog: dialog.accept())
    start(page, "Oats")
    expect(rows(page)).to_contain_text("Oats")


def test_the_browser_holds_the_policy(browser: Browser, shop: str) -> None:
    """And tells of it, so that its silence in the other tests means something."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(shop)
    assert page.evaluate(BREACHES) == [
        "style-src-attr",
        "require-trusted-types-for",
        "require-trusted-types-for",
        "connect-src",
        "img-src",
        "form-action",
    ]
    assert any("Content Security Policy" in text for text in said)
    page.close()


BREACHES = """async () => {
  const found = [];
  addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
  const made = (name, attributes) => {
    const one = Object.assign(document.createElement(name), attributes);
    document.body.append(one);
    return one;
  };
  const breaches = [
    () => document.body.setAttribute("style", "color: red"),
    () => (document.body.innerHTML = "<b>x</b>"),
    () => made("script", { src: "http://x.test/" }),
    () => fetch("http://x.test/"),
    () => made("img", { src: "http://x.test/" }),
    () => made("form", { action: "http://x.test/" }).submit(),
  ];
  for (const breach of breaches) {
    const before = found.length;
    try { await breach(); } catch { }
    for (let tries = 0; tries < 200 && found.length === before; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return found;
}"""

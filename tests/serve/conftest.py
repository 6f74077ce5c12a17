"""The endpoint's page in a real browser, over a made tagger."""

from collections.abc import Callable, Iterator, Sequence
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Error,
    FilePayload,
    Locator,
    Page,
    expect,
    sync_playwright,
)

from serve.routes import api
from serve.service import Tagged
from shelftag.config.serve import ServeConfig
from tests import browser as chromium
from tests.network import free_port
from tests.serve.made_service import MadeService

OpenPage = Callable[..., Page]

expect.set_options(timeout=20_000)  # milliseconds: a busy machine is slow


class Shop(MadeService):
    """Is sure of names that say so; the others are for review."""

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        tagged = await super().tag(texts, top_k=top_k, model=model)
        for place, text in enumerate(texts):
            tagged.ranking.review[place] = not text.startswith("sure")
        return tagged


@pytest.fixture(scope="session")
def shop() -> Iterator[str]:
    """Address of an endpoint over a made tagger."""
    port = free_port()
    app = api(Shop(), ServeConfig())
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", ws="none"))
    thread = Thread(target=server.run)
    thread.start()
    deadline = monotonic() + 20
    while not server.started and monotonic() < deadline:
        sleep(0.01)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    program = chromium.find()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Page:
    """A tab for all tests that need none of their own: one takes half a second to open."""
    return new_tab(browser)


def new_tab(browser: Browser, **settings: Any) -> Page:
    """A tab that remembers nothing of others, with what Playwright's `new_context` takes."""
    page = browser.new_context(reduced_motion="reduce", **settings).new_page()
    page.set_default_timeout(20_000)
    return page


@pytest.fixture
def open_page(browser: Browser, tab: Page, shop: str) -> Iterator[OpenPage]:
    """Opens the page, prepared by a function. At the end of the test, the browser must have had
    nothing to complain of: no error, no breach of the security policy."""
    complaints: list[str] = []
    opened: list[Page] = []

    def complain(what: ConsoleMessage | Error) -> None:
        complaints.append(what.text if isinstance(what, ConsoleMessage) else str(what))

    def open_it(prepare: Callable[[Page], None] | None = None, **settings: Any) -> Page:
        page = new_tab(browser, **settings) if settings else tab
        opened.append(page)
        page.on("console", complain)
        page.on("pageerror", complain)
        if prepare:
            prepare(page)
        page.goto(shop)
        return page

    yield open_it
    for page in opened:
        leave(page)
        page.remove_listener("console", complain)
        page.remove_listener("pageerror", complain)
        if page is not tab:
            page.context.close()
    # a status of 400 and more is told there too, and is what tests of errors ask for
    assert [said for said in complaints if "Failed to load resource" not in said] == []


def leave(page: Page) -> None:
    """Forget what was done on a page."""
    page.evaluate("sessionStorage.clear()")
    page.unroute_all(behavior="ignoreErrors")
    page.on("dialog", accept)  # of corrections that were not downloaded
    page.goto("about:blank")
    page.remove_listener("dialog", accept)


def accept(dialog: Dialog) -> None:
    dialog.accept()


def accept_all(page: Page) -> None:
    """What the model says of all that is shown and for review."""
    page.once("dialog", accept)
    page.get_by_role("button", name="Accept all shown").click()


def rows(page: Page) -> Locator:
    """The products in sight."""
    return page.locator(".body [role=row]")


def tag_names(page: Page, *names: str) -> None:
    """Type names, and wait for their tags."""
    page.get_by_label("Product names").fill("\n".join(names))
    page.get_by_role("button", name="Tag names").click()
    expect(page.locator("#live")).to_contain_text("Done")


def take_file(page: Page, text: str, name: str = "shop.csv") -> None:
    """Choose a file, and wait for what is said of it."""
    file = FilePayload(name=name, mimeType="text/csv", buffer=text.encode())
    page.locator("#file").set_input_files(file)
    expect(page.locator("#columns, #problem").filter(visible=True)).to_be_visible()

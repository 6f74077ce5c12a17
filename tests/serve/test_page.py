"""The page's files as they are sent."""

import re

import pytest
from fastapi.testclient import TestClient

from serve.protection.key_ring import key_ring
from serve.protection.keys import key_line, new_key
from serve.routes import api
from serve.routes.page import WEB
from shelftag.config.serve import ServeConfig
from tests.serve.local_client import local_client
from tests.serve.made_service import MadeService

FILES = [f"/web/{file.name}" for file in WEB.iterdir() if file.name != "index.html"]
PATHS = ["/", *FILES]
TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml", "/": "text/html"}


@pytest.fixture(scope="module")
def client() -> TestClient:
    return local_client(api(MadeService(), ServeConfig()))


@pytest.mark.parametrize("path", PATHS)
def test_every_file_is_sent_with_the_headers_that_keep_it_safe(
    client: TestClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(TYPES[path.rpartition(".")[2]])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_the_page_asks_for_a_key_itself() -> None:
    keyed = local_client(
        api(MadeService(), ServeConfig(), key_ring(key_line("a", new_key()), None))
    )
    assert {keyed.get(path).status_code for path in PATHS} == {200}
    assert keyed.get("/v1/models").status_code == 401


@pytest.mark.parametrize("path", ["/", "/web/app.js"])
def test_a_file_that_the_browser_has_is_not_sent_again(client: TestClient, path: str) -> None:
    etag = client.get(path).headers["etag"]
    for asked in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = client.get(path, headers={"if-none-match": asked})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert "content-security-policy" in again.headers
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_files_have_etags_of_their_own(client: TestClient) -> None:
    assert len({client.get(path).headers["etag"] for path in PATHS}) == len(PATHS)


def test_head_is_answered_without_a_body(client: TestClient) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(client.get("/").content)


@pytest.mark.parametrize(
    "path", ["/web/", "/web/index.html", "/web/../app.py", "/web/..%2fapp.py", "/web/none.js"]
)
def test_nothing_else_is_sent(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_is_no_part_of_the_api(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert not set(PATHS) & set(paths)


def test_nothing_is_loaded_that_is_not_sent(client: TestClient) -> None:
    """By the page, or by a module."""
    page = client.get("/").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert {f"/{name}" for name in loaded} <= set(FILES)
    for path in FILES:
        for name in re.findall(r'from "([^"]+)"', client.get(path).text):
            assert f"/web/{name.removeprefix('./')}" in FILES, path


def test_no_module_reads_markup() -> None:
    for file in WEB.glob("*.js"):
        code = file.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", code)

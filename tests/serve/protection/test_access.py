"""Who is let in, and what leaves: keys, origins, headers, errors that nobody expected."""

import asyncio
import logging
import re

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from serve.protection.access import CLIENT
from serve.protection.key_ring import KeyRing, key_ring
from serve.protection.keys import key_line, new_key
from serve.protection.unexpected import Unexpected
from serve.routes import api
from shelftag.config.serve import ServeConfig
from shelftag.errors import ConfigError
from tests.serve.asgi import request
from tests.serve.local_client import local_client
from tests.serve.made_service import MadeService

KEY = new_key()
KEYS = key_ring(key_line("shop", KEY), None)
BEARER = {"Authorization": f"Bearer {KEY}"}
PAGE = "https://shop.example"


def client(**settings: object) -> TestClient:
    """An endpoint with keys."""
    config = ServeConfig.model_validate(settings)
    return TestClient(api(MadeService(), config, KEYS), raise_server_exceptions=False)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {KEY}",
        KEY,
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY.upper()}",
        "Bearer \xff",
    ],
    ids=range(11),  # names of tests are the same in each run, keys are not
)
@pytest.mark.parametrize("path", ["/v1/tag?name=x", "/v1/models", "/docs", "/openapi.json", "/no"])
def test_without_the_key_nothing_is_told(path: str, authorization: str | None) -> None:
    given = [] if authorization is None else [authorization.encode("latin-1")]
    headers = [(b"Authorization", value) for value in given]
    answer = client().get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer KEY" in answer.json()["detail"]
    assert KEY not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_with_it_all_is(scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {KEY}"}
    assert client().get("/v1/tag?name=x", headers=headers).status_code == 200
    assert client().get("/no", headers=headers).status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/", "/v2/health/live", "/web/app.js"])
def test_a_body_needs_a_key_wherever_it_is_sent(path: str) -> None:
    """It would hold a place for as long as it takes to come."""

    async def never() -> Message:
        raise AssertionError("the body is not waited for")

    for headers in ([(b"content-length", b"9")], [(b"transfer-encoding", b"chunked")]):
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        app = api(MadeService(), ServeConfig(), KEYS)
        asyncio.run(app(scope | {"query_string": b""}, never, send))
        assert sent[0]["status"] == 401
    assert client().post(path, json={}, headers=BEARER).status_code == 405


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(path: str) -> None:
    assert client().get(path).status_code == 200


@pytest.mark.parametrize(
    "path", ["/healthz/", "/healthzz", "/healthz/%2e%2e/v1/tag", "/webx", "/web"]
)
def test_what_only_looks_like_it_does(path: str) -> None:
    assert client().get(path, follow_redirects=False).status_code == 401


def test_the_document_says_which_routes_need_a_key() -> None:
    paths = client().get("/openapi.json", headers=BEARER).json()["paths"]
    assert paths["/v1/tag"]["post"]["security"] == [{"key": []}]
    assert paths["/healthz"]["get"]["security"] == []


def test_the_keys_name_is_known_further_in_and_its_rate_is_limited() -> None:
    names = []
    app = api(MadeService(), ServeConfig(requests_per_s=2), KEYS)

    @app.middleware("http")
    async def remember(request, call_next):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        response = await call_next(request)
        names.append(request.scope.get(CLIENT))
        return response

    statuses = [TestClient(app).get("/v1/models", headers=BEARER).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert names == ["shop"] * 4
    assert {TestClient(app).get("/healthz").status_code for _ in range(9)} == {200}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://testserver", 200),
        ("https://testserver", 200),
        (PAGE, 403),
        ("null", 403),
        ("http://testserver.evil.example", 403),
        ("http://[", 403),
        ("", 403),
    ],
)
def test_a_page_of_elsewhere_may_not_post(origin: str | None, status: int) -> None:
    headers = BEARER if origin is None else BEARER | {"Origin": origin}
    body = '{"products": []}'
    assert client().post("/v1/tag", content=body, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("rebound.example:8000", 403),
        ("127.0.0.1.rebound.example", 403),
    ],
)
def test_without_keys_only_this_machine_is_asked(host: str, status: int) -> None:
    keyless = TestClient(api(MadeService(), ServeConfig()))
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert keyless.post("/v1/tag", json={"products": []}, headers=headers).status_code == status
    for path in ("/v1/models", "/metrics", "/openapi.json", "/v1/tag?name=x", "/healthz", "/"):
        assert keyless.get(path, headers={"Host": host}).status_code == status  # no Origin: a GET


def test_a_name_of_cors_origins_may_be_the_host_too() -> None:
    keyless = TestClient(api(MadeService(), ServeConfig(cors_origins=(f"{PAGE}:8443",))))
    assert keyless.get("/v1/models", headers={"Host": "shop.example"}).status_code == 200
    answer = keyless.get("/v1/models", headers={"Host": "rebound.example"})
    assert answer.status_code == 403
    assert "Host 'rebound.example' is not of this machine" in answer.json()["detail"]


def test_a_client_without_a_host_is_no_browser() -> None:
    assert asyncio.run(request(api(MadeService(), ServeConfig()), "GET", "/healthz")).status == 200


def test_every_page_and_no_keys_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="lets any web page start jobs, and there are no keys"):
        api(MadeService(), ServeConfig(cors_origins=("*",)))


@pytest.mark.parametrize(
    ("fetched", "origins", "status"),
    [
        ({"Site": "cross-site", "Mode": "no-cors", "Dest": "image"}, [], 403),
        ({"Site": "cross-site", "Mode": "navigate", "Dest": "iframe"}, [], 403),
        ({"Site": "cross-site", "Mode": "cors", "Dest": "empty"}, [PAGE], 403),
        ({"Site": "cross-site", "Mode": "navigate", "Dest": "document"}, [], 200),
        ({"Site": "same-origin", "Mode": "cors", "Dest": "empty"}, [], 200),
        ({"Site": "none", "Mode": "navigate", "Dest": "document"}, [], 200),
    ],
)
@pytest.mark.parametrize("keys", [None, KEYS], ids=["keyless", "keyed"])
def test_what_a_page_of_elsewhere_embeds_is_refused(
    fetched: dict[str, str], origins: list[str], status: int, keys: KeyRing | None
) -> None:
    app = api(MadeService(), ServeConfig.model_validate({"cors_origins": origins}), keys)
    headers = {f"Sec-Fetch-{name}": value for name, value in fetched.items()}
    answer = local_client(app).get("/v1/tag?name=x&model=y", headers=BEARER | headers)
    assert answer.status_code == status


def test_a_page_that_is_allowed_may_fetch() -> None:
    keyless = local_client(api(MadeService(), ServeConfig(cors_origins=(PAGE,))))
    fetched = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert keyless.get("/v1/models", headers=fetched).status_code == 200


def test_a_page_that_is_allowed_may_post_and_read_the_answer() -> None:
    opened, headers = client(cors_origins=[PAGE]), BEARER | {"Origin": PAGE}
    answer = opened.post("/v1/tag", content='{"products": []}', headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("origin", ["shop.example", PAGE + "/", "https://a.example,b.example", ""])
def test_origins_are_as_browsers_send_them(origin: str) -> None:
    with pytest.raises(ValueError, match=r"is no origin such as https://shop\.example"):
        ServeConfig(cors_origins=(origin,))


def test_cors_is_closed_until_it_is_opened() -> None:
    ask = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}
    ask |= {"Access-Control-Request-Headers": "authorization, content-type"}
    closed = client().options("/v1/tag", headers=ask)
    assert closed.status_code == 401
    assert not any(name.startswith("access-control") for name in closed.headers)
    opened = client(cors_origins=[PAGE]).options("/v1/tag", headers=ask)
    assert opened.status_code == 200
    assert opened.headers["access-control-allow-origin"] == PAGE
    other = client(cors_origins=[PAGE]).get("/v1/models", headers=BEARER | {"Origin": "http://x"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path", ["/v1/models", "/no", "/healthz"])
def test_browsers_are_told_to_do_nothing_with_answers(path: str) -> None:
    headers = client().get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_the_docs_load_nothing_of_elsewhere() -> None:
    page = client().get("/docs", headers=BEARER)
    links = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(links) == 3
    for link in links:
        assert client().get(f"/{link}", headers=BEARER).status_code == 200
    for part in (page.headers["content-security-policy"], page.text):
        assert "http" not in part.replace("http-equiv", "")
    for missing in ("/redoc", "/docs/oauth2-redirect", "/docs/redoc.standalone.js"):
        assert client().get(missing, headers=BEARER).status_code == 404


def test_the_unexpected_is_an_id_and_the_log_has_the_rest(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(MadeService):
        def models(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            raise RuntimeError("a secret of the house")

    app = api(Broken(), ServeConfig(), KEYS)
    with caplog.at_level(logging.ERROR, "ray.serve"):
        answer = TestClient(app).get("/v1/models", headers=BEARER)
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    (record,) = caplog.records
    assert record.args
    assert isinstance(record.args, tuple)
    assert str(record.args[0]) in answer.json()["detail"]
    assert "a secret" not in answer.text
    assert "a secret" in caplog.text
    assert KEY not in caplog.text


def test_half_an_answer_is_cut_off_and_not_finished_by_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def half(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        asyncio.run(request(Unexpected(half), "GET", "/"))
    assert "error " in caplog.text

"""The routes over a made tagger: what it is asked, and what is answered."""

import asyncio
import json
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serve import bodies, products
from serve.inference import protocol
from serve.protection.key_ring import key_ring
from serve.protection.keys import key_line, new_key
from serve.routes import api
from shelftag.config.serve import ServeConfig
from tests.network import listening
from tests.serve.local_client import local_client
from tests.serve.made_service import MadeService

LIMIT = 5
TREE = Path(__file__).parents[2]
KEYS = key_ring(key_line("shop", new_key()), None)
HEALTH = ("/healthz", "/readyz", "/v2/health/live", "/v2/health/ready")


@pytest.fixture
def service() -> MadeService:
    return MadeService()


@pytest.fixture
def client(service: MadeService) -> TestClient:
    return local_client(api(service, ServeConfig(max_products=LIMIT)))


def test_products_are_answered_in_order_with_their_ids(
    client: TestClient, service: MadeService
) -> None:
    products = [{"id": "b", "name": "Cat  FOOD"}, {"name": "Milk", "description": "Fresh"}]
    answer = client.post("/v1/tag", json={"products": products, "top_k": 2})
    tag: dict[str, Any] = {"department": "pets", "confidence": 0.5, "status": "review"}
    tag["alternatives"] = [{"department": "bakery", "confidence": 0.25}]
    tag["candidates"] = ["pets", "bakery"]
    assert answer.status_code == 200
    assert answer.json() == {
        "model": "fingerprint",
        "tags": [{"id": "b"} | tag, {"id": None} | tag],
        "errors": [],
    }
    assert service.asked == [(["cat food", "milk : fresh"], 2, None)]


def test_a_bad_product_is_an_error_entry_and_the_others_are_tagged(
    client: TestClient, service: MadeService
) -> None:
    products = [{"id": 1, "name": " "}, {"id": 2, "name": "Milk"}, {"id": 3}, "Milk"]
    answer = client.post("/v1/tag", json={"products": products}).json()
    assert [tag["id"] for tag in answer["tags"]] == [2]
    assert answer["errors"] == [
        {"index": 0, "id": 1, "reason": "the name is blank"},
        {"index": 2, "id": 3, "reason": "the name is missing"},
        {"index": 3, "id": None, "reason": "a product is an object with a name, not str"},
    ]
    assert service.asked == [(["milk"], None, None)]


@pytest.mark.parametrize(
    ("product", "reason"),
    [
        ({"name": 7}, "the name is not text"),
        ({"name": ["Milk"]}, "the name is not text"),
        ({"name": "Milk", "description": {}}, "the description is not text"),
        ({"id": [1], "name": "Milk"}, "the id is no text or integer"),
        ({"id": True, "name": "Milk"}, "the id is no text or integer"),
        (None, "a product is an object"),
        ([], "a product is an object"),
    ],
)
def test_reasons(client: TestClient, service: MadeService, product: Any, reason: str) -> None:
    answer = client.post("/v1/tag", json={"products": [product]}).json()
    assert answer["errors"][0]["reason"].startswith(reason)
    assert service.asked == []


def test_a_lone_surrogate_is_an_error_entry(client: TestClient) -> None:
    body = b'{"products": [{"id": "\\ud800", "name": "x"}, {"name": "\\ud800"}]}'
    answer = client.post("/v1/tag", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert [error["reason"] for error in answer.json()["errors"]] == [
        "the id is not UTF-8",
        "the name is not UTF-8",
    ]


@pytest.mark.parametrize("extra", [0, 1])
def test_a_request_has_a_limit_that_is_told(client: TestClient, extra: int) -> None:
    answer = client.post("/v1/tag", json={"products": [{"name": "x"}] * (LIMIT + extra)})
    assert answer.status_code == (413 if extra else 200)
    if extra:
        assert answer.json()["detail"] == (
            "6 products: at most 5 products in one request (serve.max_products); "
            "send several requests, or a file to /v1/catalog"
        )


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"products": NaN}', b"[" * 100_000])
def test_a_body_that_is_not_json_is_a_400(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/tag", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not JSON" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"products": 7}',
        b'{"product": []}',
        b'{"products": [], "top_k": 0}',
        b'{"products": [], "topk": 1}',
        b'{"products": [], "model": 7}',
    ],
)
def test_a_request_that_is_none_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/tag", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(("padding", "beside"), [(0, False), (2**17, True)])
def test_large_bodies_are_read_beside_the_event_loop(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, padding: int, beside: bool
) -> None:
    """/v1/tag and /v2: who parses and prepares is another thread than who answers."""
    on_loop: list[bool] = []

    def noted(work: Any) -> Any:
        def note(*args: Any) -> Any:
            on_loop.append(is_event_loops())
            return work(*args)

        return note

    for module in (bodies, protocol):
        monkeypatch.setattr(module, "parse_body", noted(module.parse_body))
    for module in (products, protocol):
        monkeypatch.setattr(module, "model_input", noted(module.model_input))
    space = " " * padding
    body = '{"products": [{"name": "Milk"}]' + space + "}"
    assert client.post("/v1/tag", content=body).status_code == 200
    names = {"name": "name", "datatype": "BYTES", "shape": [1], "data": ["Milk"]}
    infer = json.dumps({"inputs": [names]}) + space
    assert client.post("/v2/models/made/infer", content=infer).status_code == 200
    assert on_loop == [not beside] * 4


def is_event_loops() -> bool:
    """Whether this thread has an event loop that runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def test_no_products_no_work(client: TestClient, service: MadeService) -> None:
    assert client.post("/v1/tag", json={"products": []}).json()["tags"] == []
    assert service.asked == []


def test_openapi_shows_what_a_product_is(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    shown = client.get("/openapi.json").json()["paths"]["/v1/tag"]["post"]["requestBody"]
    schema = shown["content"]["application/json"]["schema"]
    product = schema["properties"]["products"]["items"]
    assert set(product["properties"]) == {"id", "name", "description"}
    assert product["required"] == ["name"]


@pytest.mark.parametrize("path", HEALTH)
def test_balancers_may_ask_for_health_by_head(path: str) -> None:
    client = TestClient(api(MadeService(), ServeConfig(), KEYS))
    asked, whole = client.head(path), client.get(path)
    assert (asked.status_code, asked.headers) == (200, whole.headers)
    assert client.post(path).headers["allow"] == "GET, HEAD"


def test_an_answer_to_head_has_no_body() -> None:
    with listening(api(MadeService(), ServeConfig())) as address:
        host, port = address.split(":")
        for path in HEALTH:
            with socket.create_connection((host, int(port)), timeout=30) as line:
                asked = f"HEAD {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                line.sendall(asked.encode())
                answer = b"".join(iter(lambda: line.recv(2**16), b""))
            assert answer.startswith(b"HTTP/1.1 200")
            assert answer.endswith(b"\r\n\r\n")


def test_openapi_names_each_operation_once(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert all("head" not in methods for methods in paths.values())
    names = Counter(one["operationId"] for methods in paths.values() for one in methods.values())
    assert set(names.values()) == {1}


@pytest.mark.parametrize("path", ["/v2/health/live/", "/v2/health/ready/", "/web/app.js/"])
def test_a_slash_too_many_is_sent_nowhere(path: str) -> None:
    """A redirect would go to the Host that the client names, whoever that is, without a key."""
    client = TestClient(api(MadeService(), ServeConfig(), KEYS), follow_redirects=False)
    answer = client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_lines_of_catalogs_can_be_imported_first() -> None:
    """They are below the routes, which import them."""
    command = [sys.executable, "-c", "import serve.catalog.lines"]
    ran = subprocess.run(command, cwd=TREE, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_models_are_the_deployed_one(client: TestClient) -> None:
    assert [model["name"] for model in client.get("/v1/models").json()] == ["made"]

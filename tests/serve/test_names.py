"""Names, ids and bodies of every kind: a tag, an error entry or a clear 4xx, never a 500."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve.routes import api
from shelftag.artifacts import Run
from shelftag.config.serve import ServeConfig
from tests.serve.local_client import local_client
from tests.serve.tiny_service import TinyService

TAGGED = {
    "digits": "0123456789",
    "one letter": "x",
    "a limit long": "x" * 1_000,
    "control characters": "Rye\x01\x07\x1b[31m Bread\x7f",
    "NUL": "Rye\x00Bread",
    "only NUL": "\x00",
    "line ends": "Rye\r\nBread\u2028",
    "right to left": "\u05dc\u05d7\u05dd \u05e9\u05d9\u05e4\u05d5\u05df",
    "override of direction": "\u202edaerB eyR\u202c",
    "emoji": "\U0001f35e\U0001f468\u200d\U0001f469\u200d\U0001f467 bread",
    "a sequence of nothing": "\u200b\u200d\ufeff",
    "many accents": "a" + "\u0301" * 30,
    "Japanese": "\u7384\u7c73\u30d1\u30f3",
    "grows when folded": "\ufdfa" * 900,
    "no character": "\uffff\U0010ffff",
    "markup": "<script>alert(1)</script>",
    "formula": "=HYPERLINK(0)",
    "special tokens": "<s></s><pad><unk>[MASK]",
}
REFUSED = {
    "empty": ("", "the name is blank"),
    "spaces": (" \t\n\u00a0\u3000", "the name is blank"),
    "marks": ("o" + "\u0301\u0316" * 16, "the name has more than 30 combining marks in a row"),
    "long": ("x" * 10_000, "the name has more than 1,000 characters"),
    "surrogate": ("\ud800", "the name is not UTF-8"),
    "pair the wrong way": ("\udc00\ud800", "the name is not UTF-8"),
    "number": (7, "the name is not text"),
    "object": ({"name": "x"}, "the name is not text"),
}
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # with surrogates
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
FUZZ = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def client(tiny_run: Run) -> TestClient:
    return local_client(api(TinyService(tiny_run), ServeConfig()), raise_server_exceptions=False)


def post(client: TestClient, body: object) -> Any:
    answer = client.post("/v1/tag", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("name", TAGGED.values(), ids=TAGGED.keys())
def test_every_name_with_a_character_has_a_tag(client: TestClient, name: str) -> None:
    posted = post(client, {"products": [{"id": name, "name": name, "description": name}]})
    (tag,) = posted["tags"]
    assert tag["id"] == name
    assert tag["department"] in client.get("/v1/models").json()[0]["departments"]
    assert 0 < tag["confidence"] <= 1
    looked = client.get("/v1/tag", params={"name": name})
    assert len(looked.json()["tags"]) == 1


@pytest.mark.parametrize(("name", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_others_are_error_entries(client: TestClient, name: object, reason: str) -> None:
    answer = post(client, {"products": [{"name": name}, {"name": "Rye Bread"}]})
    (error,) = answer["errors"]
    assert error["index"] == 0
    assert error["reason"].startswith(reason)
    assert len(answer["tags"]) == 1


@pytest.mark.parametrize("identity", [0, -1, 2**63, -(10**300), "", "\x00", "\U0001f35e", None])
def test_ids_come_back_as_they_were(client: TestClient, identity: object) -> None:
    products = [{"id": identity, "name": "Rye Bread"}, {"id": identity, "name": ""}]
    answer = post(client, {"products": products})
    assert [answer["tags"][0]["id"], answer["errors"][0]["id"]] == [identity] * 2


@pytest.mark.parametrize("identity", [1.5, True, [], {}, "x" * 1_001, "\ud800"])
def test_others_are_no_ids(client: TestClient, identity: object) -> None:
    answer = post(client, {"products": [{"id": identity, "name": "Rye Bread"}]})
    assert answer["errors"][0]["reason"].startswith("the id ")


@FUZZ
@given(products=st.lists(st.fixed_dictionaries({"id": ANY_TEXT, "name": ANY_TEXT}), max_size=5))
def test_any_texts(client: TestClient, products: list[dict[str, str]]) -> None:
    answer = post(client, {"products": products})
    assert len(answer["tags"]) + len(answer["errors"]) == len(products)


@FUZZ
@given(products=st.lists(ANY_JSON | st.fixed_dictionaries({"name": ANY_JSON}), max_size=5))
def test_any_products(client: TestClient, products: list[object]) -> None:
    answer = post(client, {"products": products})
    assert len(answer["tags"]) + len(answer["errors"]) == len(products)


@FUZZ
@given(st.fixed_dictionaries({}, optional={"products": ANY_JSON, "top_k": ANY_JSON}) | ANY_JSON)
def test_any_json(client: TestClient, body: object) -> None:
    assert client.post("/v1/tag", content=json.dumps(body)).status_code in {200, 422}


@FUZZ
@given(body=st.binary(max_size=100))
def test_any_bytes(client: TestClient, body: bytes) -> None:
    assert client.post("/v1/tag", content=body).status_code in {200, 400, 422}


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ('{"products": [], "top_k": 1' + "0" * 5_000 + "}", 400, "not JSON"),
        ('{"products": ' + "[" * 100_000 + "]" * 100_000 + "}", 400, "not JSON"),
        ('{"products": [' + '{"id": ' * 500 + "1" + "}" * 500 + "]}", 200, ""),
        ('{"products": [{"name": "x", "name": "Rye Bread"}], "products": []}', 200, ""),
        ('{"products": [], "' + "x" * 1_000_000 + '": 1}', 422, "Extra inputs"),
        ("{" + ",".join(f'"{i}": 1' for i in range(50_000)) + "}", 422, "and 49,981 more"),
        ('{"products": [], "model": "' + "x" * 10_000 + '"}', 404, "is unknown"),
        ('{"products": [], "model": "\\u0000"}', 404, "is unknown"),
        ('{"products": [], "model": "\\ud800"}', 404, "is unknown"),
        ('{"products": [], "model": "../run"}', 404, "is unknown"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_that_are_too_much(client: TestClient, body: str, status: int, detail: str) -> None:
    answer = client.post("/v1/tag", content=body)
    assert answer.status_code == status, answer.text[:500]
    assert detail in answer.text
    assert len(answer.content) < 10_000


@pytest.mark.parametrize("top_k", [10**9, 2**63, 10**4_000], ids=["giga", "2^63", "4001 digits"])
def test_more_departments_than_there_are_is_all_of_them(client: TestClient, top_k: int) -> None:
    (tag,) = post(client, {"products": [{"name": "Rye Bread"}], "top_k": top_k})["tags"]
    departments = client.get("/v1/models").json()[0]["departments"]
    assert len(tag["alternatives"]) == len(departments) - 1
    looked = client.get("/v1/tag", params={"name": "Rye Bread", "top_k": str(top_k)})
    assert looked.json()["tags"] == [tag]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", '{"products": []}'.encode("utf-16"), 200),
        ("application/json", b"\xef\xbb\xbf" + b'{"products": []}', 200),
        ("application/json; charset=latin-1", '{"products": ["é"]}'.encode("latin-1"), 400),
        ("APPLICATION/JSON; charset=nonsense", b'{"products": []}', 200),
        ("application/merge-patch+json", b'{"products": []}', 200),
        ("text/plain", b'{"products": []}', 415),
        ("application/x-www-form-urlencoded", b'{"products": []}', 415),
        ("", b'{"products": []}', 415),
    ],
)
def test_types_of_bodies(client: TestClient, kind: str, body: bytes, status: int) -> None:
    answer = client.post("/v1/tag", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("query", ["name=%ff", "name=%ED%A0%80", "name=a&name=b", "name=%00"])
def test_queries(client: TestClient, query: str) -> None:
    assert len(client.get(f"/v1/tag?{query}").json()["tags"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/nothing", 404, "GET '/nothing' is not here: see /docs"),
        ("DELETE", "/v1/models", 405, "is not here (allowed: GET)"),
        ("OPTIONS", "/v1/tag", 405, "is not here (allowed: GET, POST)"),
        ("GET", "/v1/tag", 422, "query.name: Field required"),
        ("GET", "/v1/tag?name=x&top_k=" + "9" * 5_000, 422, "query.top_k"),
        ("GET", "/v1/tag?name=x&model=" + "x" * 5_000, 404, "is unknown"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_errors_say_what_is_wrong(
    client: TestClient, method: str, path: str, status: int, detail: str
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert detail in answer.json()["detail"]

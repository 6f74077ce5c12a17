"""A catalog sent to the endpoint: what is answered, and what is left behind."""

import asyncio
import io
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from serve.catalog import lines as answered
from serve.catalog import uploads
from serve.catalog.rows import Rows
from serve.problems import Problem
from serve.protection.key_ring import key_ring
from serve.protection.keys import key_line, new_key
from serve.routes import api
from serve.routes.catalog import (
    CATALOGS_AT_A_TIME,
    OF_ONE_KEY,
    UPLOADS_AT_A_TIME,
    content_kind,
)
from serve.service import Model, Tagged
from shelftag.config.serve import ServeConfig
from tests.serve.asgi import pieces, request
from tests.serve.local_client import local_client
from tests.serve.made_service import CARD, MadeService, ranking

CSV, PARQUET = {"content-type": "text/csv"}, {"content-type": "application/vnd.apache.parquet"}
NDJSON = {"content-type": "application/x-ndjson"}
TAG = {
    "department": "pets",
    "confidence": 0.5,
    "status": "review",
    "alternatives": [{"department": "bakery", "confidence": 0.25}],
    "candidates": ["pets", "bakery"],
}


@pytest.fixture
def service() -> MadeService:
    return MadeService()


@pytest.fixture
def client(service: MadeService, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr("serve.catalog.parquet.GROUP_BYTES", 100_000)
    return local_client(api(service, ServeConfig(max_upload_mb=0.1)))


@pytest.fixture(autouse=True)
def _nothing_is_left_open() -> Iterator[None]:
    before = _temporary_files()
    yield
    assert _temporary_files() == before


def _temporary_files() -> int:
    """Open files without a name."""
    open_files = Path("/proc/self/fd").iterdir()
    return sum("(deleted)" in str(one.resolve()) for one in open_files)


def lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def parquet(encoding: str | None = None, **columns: Any) -> bytes:
    sink = io.BytesIO()
    as_said = {"use_dictionary": False, "column_encoding": encoding} if encoding else {}
    pq.write_table(pa.table(columns), sink, **as_said)
    return sink.getvalue()


def test_each_row_has_a_line_in_order(client: TestClient, service: MadeService) -> None:
    body = b'sku,title,more\n7,"Cat\nfood",dry\n8,,x\n9\n10,Milk,\n11,\xff,\n'
    asked: Any = {"id_column": "sku", "description_column": "more", "top_k": 2, "model": "other"}
    answer = lines(client.post("/v1/catalog", content=body, headers=CSV, params=asked))
    assert answer == [
        {"row": 1, "id": "7"} | TAG,
        {"row": 2, "id": "8", "error": "the name is blank"},
        {"row": 3, "id": None, "error": "1 fields, and the header has 3"},
        {"row": 4, "id": "10"} | TAG,
        {"row": 5, "id": None, "error": "a column is not UTF-8"},
        {"rows": 5, "tagged": 2, "errors": 3, "model": "fingerprint"},
    ]
    assert service.asked == [(["cat food : dry", "milk"], 2, "other")]


def test_ndjson(client: TestClient) -> None:
    long = b'{"name": "' + b"x" * 2**20 + b'"}'
    rows = [b'{"id": 1, "name": "Milk"}', b"", b"[1]", b"{", b"\xff", b'{"id": 2}', b"[" * 9_000]
    body = b"\xef\xbb\xbf" + b"\r\n".join([*rows, long, b'{"name": "\\ud800", "id": "u"}'])
    client = local_client(api(MadeService(), ServeConfig()))
    answer = lines(client.post("/v1/catalog", content=body, headers=NDJSON))
    assert [(one.get("row"), one.get("id"), one.get("error")) for one in answer[1:-1]] == [
        (2, None, "the line is no object, but list"),
        (3, None, answer[2]["error"]),
        (4, None, "the line is not UTF-8"),
        (5, 2, "the name is missing"),
        (6, None, answer[5]["error"]),
        (7, None, "the line has more than 1,048,576 bytes"),
        (8, "u", "the name is not UTF-8"),
    ]
    assert answer[0]["id"] == 1
    assert "not JSON" in answer[2]["error"]
    assert "not JSON" in answer[5]["error"]


@pytest.mark.parametrize("encoded", [False, True])
def test_parquet(client: TestClient, service: MadeService, encoded: bool) -> None:
    names = pa.array(["Milk", None, "Oats", "Milk"] * 200)
    body = parquet(id=range(800), name=names.dictionary_encode() if encoded else names)
    answer = lines(client.post("/v1/catalog", content=body, headers=PARQUET, params={"top_k": 2}))
    assert answer[0] == {"row": 1, "id": 0} | TAG
    assert answer[1] == {"row": 2, "id": 1, "error": "the name is missing"}
    assert [one["row"] for one in answer[:-1]] == list(range(1, 801))
    assert answer[-1] == {"rows": 800, "tagged": 600, "errors": 200, "model": "fingerprint"}
    assert [len(texts) for texts, _, _ in service.asked] == [192, 192, 192, 24]


def test_texts_that_repeat_their_start_are_refused(client: TestClient) -> None:
    """80 kB and 255 rows of some bytes each: 20 MB when decoded, and the footer does not say so."""
    long, sink = "x" * 80_000, io.BytesIO()
    table = pa.table({"name": [long, *[f"{long}{i}" for i in range(255)]]})
    encoding = {"name": "DELTA_BYTE_ARRAY"}
    pq.write_table(table, sink, use_dictionary=False, column_encoding=encoding)
    assert pq.read_metadata(sink).row_group(0).column(0).total_uncompressed_size < 100_000
    answer = client.post("/v1/catalog", content=sink.getvalue(), headers=PARQUET)
    assert answer.status_code == 422
    assert "DELTA_BYTE_ARRAY texts may be far larger" in answer.json()["detail"]
    sink = io.BytesIO()
    table = pa.table({"name": ["Milk"], "other": ["x"]})
    pq.write_table(table, sink, use_dictionary=False, column_encoding={"other": "DELTA_BYTE_ARRAY"})
    answer = client.post("/v1/catalog", content=sink.getvalue(), headers=PARQUET)
    assert answer.status_code == 200  # a column that is not read may be as it likes


def test_parquet_with_broken_text_has_errors(client: TestClient) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 2, pa.array([b"\xff", b"Milk"], pa.binary()).buffers()
    )
    answer = lines(client.post("/v1/catalog", content=parquet(name=broken), headers=PARQUET))
    assert answer[0]["error"] == "the name is not UTF-8"
    assert answer[1]["department"] == "pets"


@pytest.mark.parametrize(
    ("body", "headers", "params", "status", "detail"),
    [
        (b"a,b\n1,2\n", CSV, {}, 422, "no column product_name, name, title, only 'a', 'b'"),
        (b"a,b\n1,2\n", CSV, {"name_column": "c"}, 422, "no column 'c': it has 'a', 'b'"),
        (b"name\nx\n", CSV, {"id_column": "c"}, 422, "by id_column"),
        (b"name,name\nx,y\n", CSV, {}, 422, "twice the column 'name'"),
        (b"name\n", CSV, {}, 422, "no rows"),
        (b"", CSV, {}, 422, "the catalog is empty"),
        (b"", NDJSON, {}, 422, "no rows"),
        (b"", PARQUET, {}, 422, "cannot be read as Parquet"),
        (b"PAR1 and no more", PARQUET, {}, 422, "cannot be read as Parquet"),
        (b"n\xffme\nx\n", CSV, {}, 422, "not UTF-8"),
        ("name\nx\n".encode("utf-16"), CSV, {}, 422, "UTF-16"),
        (b'name\n"x', CSV, {}, 422, "the catalog has a quote that is never closed"),
        (b'{"a": 1}', NDJSON, {}, 422, "only 'a'"),
        (b"7\n", NDJSON, {}, 422, "only none"),
        (parquet(name=[1]), PARQUET, {}, 422, "'name' is int64, not text"),
        (parquet(name=["x"], id=[0.5]), PARQUET, {}, 422, "'id' is double, not text or integers"),
        (parquet(name=["x" * 200_000]), PARQUET, {}, 422, "write smaller row groups"),
        (
            parquet(name=["Milk", "Bread"], encoding="DELTA_LENGTH_BYTE_ARRAY"),
            *(PARQUET, {}, 422, "DELTA_LENGTH_BYTE_ARRAY texts are not read by pyarrow"),
        ),
        (b"name\nx\n", CSV | {"content-encoding": "gzip"}, {}, 415, "send the body as it is"),
        (b"name\nx\n", {"content-type": "text/plain"}, {}, 415, "send text/csv, application/x-nd"),
        (b"name\nx\n", {}, {}, 415, "Content-Type '' is not read"),
        (
            b"name\n" + b"x" * 100_001,
            CSV,
            {},
            413,
            "at most 0.1 MB in one request (serve.max_upload_mb)",
        ),
        (b"name\nx\n", CSV, {"top_k": 0}, 422, "top_k"),
    ],
)
def test_what_cannot_be_read_is_told_before_anything(
    client: TestClient, body: bytes, headers: Any, params: Any, status: int, detail: str
) -> None:
    answer = client.post("/v1/catalog", content=body, headers=headers, params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert detail in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["text/csv", "Text/CSV; charset=UTF-8", 'text/csv;charset="utf8"'])
def test_kinds_that_are_read(kind: str) -> None:
    assert content_kind(kind) == "text/csv"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/csv; charset=latin-1"])
def test_kinds_that_are_not_read(kind: str) -> None:
    with pytest.raises(Problem, match="is not read"):
        content_kind(kind)


def test_a_body_of_unknown_length_is_bounded_too(client: TestClient) -> None:
    chunks = (b"name\n" + b"x" * 60_000 for _ in range(2))
    assert client.post("/v1/catalog", content=chunks, headers=CSV).status_code == 413


def test_a_full_disk_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "FREE_DISK_BYTES", 2**80)
    answer = client.post("/v1/catalog", content=b"name\nx\n", headers=CSV)
    assert answer.status_code == 507
    assert "does not fit on the disk" in answer.json()["detail"]


def test_an_unknown_model_is_told_before_anything(
    client: TestClient, service: MadeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_: object, **__: object) -> Tagged:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown")

    monkeypatch.setattr(service, "tag", unknown)
    for _ in range(CATALOGS_AT_A_TIME + 1):  # slots are given back
        assert client.post("/v1/catalog", content=b"name\nx\n", headers=CSV).status_code == 404


class Scripted(MadeService):
    """Answers a number of batches, and then does something else."""

    def __init__(self, then: BaseException, after: int = 3) -> None:
        super().__init__()
        self.then, self.after = then, after

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        if len(self.asked) == self.after:
            self.after = -1
            raise self.then
        return await super().tag(texts, top_k=top_k, model=model)


MANY = b"name\n" + b"Milk\n" * 256 * 10


def streamed(
    service: MadeService, leaves_after: float | None = None
) -> tuple[int, list[dict[str, Any]], bool]:
    """Status, lines, and whether the answer came to its end; a client may leave, in seconds."""

    async def send() -> tuple[int, list[dict[str, Any]], bool]:
        status, body, whole = 0, b"", False
        sent = [{"type": "http.request", "body": MANY, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if sent:
                return sent.pop()
            await asyncio.sleep(1e9 if leaves_after is None else leaves_after)
            return {"type": "http.disconnect"}

        async def take(message: Any) -> None:
            nonlocal status, body, whole
            status = message.get("status", status)
            body += message.get("body", b"")
            whole = message["type"] == "http.response.body" and not message.get("more_body")

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/catalog",
            "query_string": b"",
            "headers": [(b"content-type", b"text/csv")],
        }
        with suppress(Exception):  # raised for whoever carries it, to cut the connection
            await api(service, ServeConfig())(scope, receive, take)
        return status, [json.loads(line) for line in body.splitlines()], whole

    return asyncio.run(send())


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answered, "CHUNK_BYTES", 1)


@pytest.mark.usefixtures("_small_chunks")
def test_a_failure_on_the_way_is_a_last_line_and_a_cut() -> None:
    status, got, whole = streamed(Scripted(Problem(HTTPStatus.CONFLICT, "damaged")))
    assert (status, whole) == (200, False)
    assert got[-1] == {"error": "damaged"}
    assert [one["row"] for one in got[:-1]] == list(range(1, 256 * 3 + 1))


@pytest.mark.usefixtures("_small_chunks")
def test_a_fault_of_ours_names_only_its_kind() -> None:
    _, got, whole = streamed(Scripted(RuntimeError("a secret")))
    assert (got[-1], whole) == ({"error": "RuntimeError"}, False)


@pytest.mark.usefixtures("_small_chunks")
def test_a_full_queue_on_the_way_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.routes.catalog.PATIENCE_S", 1.0)
    busy = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
    _, got, whole = streamed(Scripted(busy))
    assert (got[-1]["rows"], whole) == (2560, True)


@pytest.mark.parametrize("full", [503, 429])
def test_a_full_queue_is_waited_for_and_then_told(
    monkeypatch: pytest.MonkeyPatch, full: int
) -> None:
    busy = Problem(HTTPStatus(full), "busy")
    status, got, whole = streamed(Scripted(busy, after=0))
    assert (status, got[-1]["tagged"], whole) == (200, 2560, True)
    monkeypatch.setattr("serve.routes.catalog.PATIENCE_S", 0.0)
    assert streamed(Scripted(busy, after=0))[0] == full


@pytest.mark.usefixtures("_small_chunks")
def test_a_catalog_keeps_its_model_to_its_end() -> None:
    """Another is put in place while it is tagged."""
    new = CARD.model_copy(update={"fingerprint": "new"})

    class Replaced(MadeService):
        async def model(self, _: str | None) -> Model:
            first = len(self.asked) == 0

            async def tag(texts: Sequence[str], *, top_k: int | None = None) -> Tagged:
                self.asked.append((list(texts), top_k, None))
                return Tagged(CARD if first else new, ranking(len(texts), 3))

            return Model(CARD if first else new, tag)

    _, got, whole = streamed(Replaced())
    assert (got[-1]["model"], got[-1]["tagged"], whole) == (CARD.fingerprint, 2560, True)


@pytest.mark.usefixtures("_small_chunks")
def test_no_more_than_two_batches_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    service, under_way, most = MadeService(), 0, 0

    async def tag(texts: Sequence[str], **_: object) -> Tagged:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return Tagged(CARD, ranking(len(texts), 3))

    monkeypatch.setattr(service, "tag", tag)
    _, got, whole = streamed(service)
    assert (got[-1]["tagged"], whole, most) == (2560, True, 2)


@pytest.mark.usefixtures("_small_chunks")
def test_a_client_that_leaves_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    service, asked, cancelled = MadeService(), 0, 0

    async def tag(texts: Sequence[str], **_: object) -> Tagged:
        nonlocal asked, cancelled
        asked += 1
        try:
            await asyncio.sleep(0 if asked < 3 else 60)
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return Tagged(CARD, ranking(len(texts), 3))

    monkeypatch.setattr(service, "tag", tag)
    _, _, whole = streamed(service, leaves_after=0.5)
    assert (whole, asked, cancelled) == (False, 4, 2)


def dribbled(app: ASGIApp, parts: list[bytes], pause_s: float, key: str = "") -> Any:
    """A catalog that is sent in pieces."""
    headers = {"content-type": "text/csv", "transfer-encoding": "chunked"}
    headers |= {"authorization": f"Bearer {key}"} if key else {}
    return request(app, "POST", "/v1/catalog", headers, pieces(parts, pause_s))


def test_a_sender_that_only_holds_its_place_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It never pauses as long as `serve.timeout_s`."""
    monkeypatch.setattr(uploads, "GRACE_S", 0.2)
    app = api(MadeService(), ServeConfig())
    began = time.monotonic()
    answer = asyncio.run(dribbled(app, [b"name\n", *[b"x"] * 200], 0.02))
    assert answer.status == 408
    assert "less than 20 kB/s over more than 0.2 s" in answer.detail
    assert time.monotonic() - began < 2
    quick = [b"name\n", *[b"Milk\n" * 1_000] * 20]
    assert asyncio.run(dribbled(app, quick, 0.02)).status == 200  # 250 kB/s


def test_slow_senders_hold_no_slot() -> None:
    app = api(MadeService(), ServeConfig(timeout_s=5))

    async def beside() -> tuple[int, float, set[int]]:
        slow = [
            asyncio.ensure_future(dribbled(app, [b"name\n", b"x\n"], 0.5))
            for _ in range(2 * CATALOGS_AT_A_TIME)
        ]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        answer = await dribbled(app, [b"name\nx\n"], 0)
        seconds = time.monotonic() - began
        return answer.status, seconds, {one.status for one in await asyncio.gather(*slow)}

    status, seconds, of_slow = asyncio.run(beside())
    assert (status, of_slow) == (200, {200})
    assert seconds < 0.5


def test_uploads_are_bounded_and_those_of_a_key_more_so() -> None:
    one, other = new_key(), new_key()
    ring = key_ring(f"{key_line('one', one)},{key_line('other', other)}", None)
    app, keyless = api(MadeService(), ServeConfig(), ring), api(MadeService(), ServeConfig())

    async def at_once(app: ASGIApp, *keys: str) -> list[int]:
        asked = [dribbled(app, [b"name\n", b"x\n"], 0.2, key) for key in keys]
        return sorted(answer.status for answer in await asyncio.gather(*asked))

    got = asyncio.run(at_once(app, *[one] * (OF_ONE_KEY + 2), other))
    assert got == [200] * (OF_ONE_KEY + 1) + [429] * 2
    got = asyncio.run(at_once(keyless, *[""] * (UPLOADS_AT_A_TIME + 3)))
    assert got == [200] * UPLOADS_AT_A_TIME + [503] * 3


def test_a_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind HAProxy, where it is felt: `send` waits."""
    monkeypatch.setattr("serve.routes.catalog.PATIENCE_S", 0.1)

    async def stuck(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(1e9)

    async def ask() -> None:
        received = [{"type": "http.request", "body": b"name\nx\n", "more_body": False}]

        async def receive() -> Any:
            return received.pop() if received else await asyncio.sleep(1e9)

        scope = {"type": "http", "method": "POST", "path": "/v1/catalog", "query_string": b""}
        scope |= {"headers": [(b"content-type", b"text/csv")]}
        app = api(MadeService(), ServeConfig())
        with suppress(Exception):
            await asyncio.wait_for(app(scope, receive, stuck), 5)

    began = time.monotonic()
    asyncio.run(ask())
    assert time.monotonic() - began < 3


def test_who_leaves_waits_for_the_reader_before_the_file_is_closed() -> None:
    reading, ended = threading.Event(), []

    def rows() -> Iterator[Rows]:
        reading.set()
        time.sleep(0.2)
        ended.append("read")
        yield Rows([], [], [])

    async def leave() -> None:
        task = asyncio.ensure_future(anext(answered.answer(rows(), AsyncMock())))
        await asyncio.to_thread(reading.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        ended.append("closed")

    asyncio.run(leave())
    assert ended == ["read", "closed"]


def test_a_sender_that_stops_is_told_and_leaves_nothing_behind() -> None:
    async def send() -> int:
        sent, statuses = [{"type": "http.request", "body": b"name\n", "more_body": True}], []

        async def receive() -> dict[str, Any]:
            if not sent:
                await asyncio.sleep(1e9)
            return sent.pop()

        async def take(message: Any) -> None:
            statuses.append(message.get("status"))

        headers = [(b"content-type", b"text/csv"), (b"transfer-encoding", b"chunked")]
        scope = {"type": "http", "method": "POST", "path": "/v1/catalog", "query_string": b""}
        app = api(MadeService(), ServeConfig(timeout_s=0.2))
        await app(scope | {"headers": headers}, receive, take)
        return int(statuses[0])

    assert asyncio.run(send()) == 408

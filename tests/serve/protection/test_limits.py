"""Sizes and times of requests."""

import asyncio
import json
import time
from itertools import count

import pytest
from starlette.types import Receive, Scope, Send

from serve.protection.limits import Limits
from serve.routes import api
from shelftag.config.serve import ServeConfig
from tests.serve.asgi import Answer, pieces, request
from tests.serve.made_service import MadeService

SETTINGS = ServeConfig(max_body_mb=0.001, max_upload_mb=0.002, timeout_s=0.3)
APP = api(MadeService(), SETTINGS)
TAG = json.dumps({"products": [{"name": "Milk"}]}).encode()
CHUNKED = {"transfer-encoding": "chunked"}


def ask(parts: list[bytes], headers: dict[str, str], pause_s: float = 0) -> Answer:
    return asyncio.run(request(APP, "POST", "/v1/tag", headers, pieces(parts, pause_s)))


def test_a_body_within_the_limit_in_whatever_pieces() -> None:
    padded = TAG.ljust(1_000)
    for size in (1, 7, 1_000):
        parts = [padded[i : i + size] for i in range(0, 1_000, size)]
        assert ask(parts, CHUNKED).status == 200
        assert ask(parts, {"content-length": "1000"}).status == 200


@pytest.mark.parametrize("headers", [CHUNKED, {"content-length": "1001"}, {"content-length": "9"}])
def test_a_larger_one_is_413_and_the_limit_is_told(headers: dict[str, str]) -> None:
    answer = ask([TAG.ljust(500), b" " * 501], headers)
    assert answer.status == 413
    assert "at most 0.001 MB in one request (serve.max_body_mb)" in answer.detail


def test_a_declared_size_is_refused_before_anything_is_read() -> None:
    assert ask([b"x"] * 10, {"content-length": "9" * 30}, pause_s=60).status == 413


def test_a_body_without_end_is_cut_off() -> None:
    read = count()
    endless = (b"x" * 100 for _ in read)
    answer = asyncio.run(request(APP, "POST", "/v1/tag", CHUNKED, pieces(endless)))
    assert (answer.status, next(read)) == (413, 11)


def test_a_slow_sender_ends_at_the_deadline_with_408() -> None:
    started = time.monotonic()
    answer = ask([b"x"] * 100, CHUNKED, pause_s=0.05)
    assert 0.3 <= time.monotonic() - started < 2
    assert answer.status == 408
    assert answer.headers["connection"] == "close"
    assert "within 0.3 s (serve.timeout_s)" in answer.detail


def test_slow_work_is_cancelled_at_the_deadline_with_504() -> None:
    ended = []

    async def slow(_: Scope, __: Receive, ___: Send) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    answer = asyncio.run(request(Limits(slow, SETTINGS), "GET", "/v1/tag"))
    assert (answer.status, ended) == (504, ["cancelled"])
    assert "within 0.3 s (serve.timeout_s)" in answer.detail


def test_a_client_that_left_is_not_answered() -> None:
    left = request(APP, "POST", "/v1/tag", CHUNKED, pieces([TAG]), gone=True)
    assert asyncio.run(left).status == 0


def test_half_an_answer_is_not_finished_by_another() -> None:
    async def half(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(60)

    answer = asyncio.run(request(Limits(half, SETTINGS), "GET", "/v1/tag"))
    assert (answer.status, answer.body) == (200, b"")


def test_a_timeout_of_the_work_itself_is_not_the_deadline() -> None:
    async def failing(_: Scope, __: Receive, ___: Send) -> None:
        raise TimeoutError("of a store")

    with pytest.raises(TimeoutError, match="of a store"):
        asyncio.run(request(Limits(failing, SETTINGS), "GET", "/v1/tag"))


@pytest.mark.parametrize(("size", "status"), [(2_000, 200), (2_001, 413)])
@pytest.mark.parametrize("declared", [True, False])
def test_a_streamed_upload_has_its_own_size_and_no_deadline(
    size: int, status: int, declared: bool
) -> None:
    async def read_all(_: Scope, receive: Receive, send: Send) -> None:
        total, more = 0, True
        while more:
            message = await receive()
            total, more = total + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(total).encode()})

    headers = {"content-length": str(size)} if declared else CHUNKED
    body = pieces([b"x" * 500] * 4 + [b"x" * (size - 2_000)], pause_s=0.1)
    answer = asyncio.run(request(Limits(read_all, SETTINGS), "POST", "/v1/catalog", headers, body))
    assert answer.status == status
    if status == 200:
        assert answer.body == str(size).encode()
    else:
        assert "at most 0.002 MB in one request (serve.max_upload_mb)" in answer.detail

"""One key cannot hold all that a copy takes at a time."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from serve.problems import Problem
from serve.protection.key_ring import key_ring
from serve.protection.keys import key_line, new_key
from serve.protection.open_requests import Open, OpenRequests
from serve.routes import api
from shelftag.config.serve import ServeConfig
from tests.serve.asgi import pieces, request, request_as
from tests.serve.made_service import MadeService


async def slow(_: Scope, __: Receive, send: Send) -> None:
    await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def statuses(app: OpenRequests, *clients: str | None) -> list[int]:
    return [
        answer.status for answer in await asyncio.gather(*(request_as(app, c) for c in clients))
    ]


def test_a_key_has_a_quarter_and_others_have_theirs() -> None:
    async def both() -> None:
        app = OpenRequests(slow, max_ongoing_requests=8, retry_after_s=7)
        assert await statuses(app, "a", "a", "a", "b", "b") == [200, 200, 429, 200, 200]
        assert await statuses(app, "a", "a") == [200, 200]  # given back
        assert await statuses(app, *[None] * 20) == [200] * 20

    asyncio.run(both())


def test_the_rule_is_told() -> None:
    held = Open(1, "catalogs", 7)
    with held.held("a"), pytest.raises(Problem, match="1 catalogs of one key are open") as caught:
        held.held("a").__enter__()
    assert caught.value.headers == {"Retry-After": "7"}
    with pytest.raises(KeyError), held.held("a"):
        raise KeyError  # given back however it ends
    assert held._held["a"] == 0


def test_slow_senders_of_one_key_leave_room_for_another() -> None:
    """The whole application: each holds its place until the deadline."""
    one, other = new_key(), new_key()
    keys = key_ring(f"{key_line('one', one)},{key_line('other', other)}", None)
    settings = ServeConfig(max_ongoing_requests=8, timeout_s=0.3)
    app = api(MadeService(), settings, keys)

    async def post(key: str, pause_s: float) -> int:
        headers = {"authorization": f"Bearer {key}", "transfer-encoding": "chunked"}
        body = pieces([b'{"products": ', b"[]}"], pause_s)
        return (await request(app, "POST", "/v1/tag", headers, body)).status

    async def all_of_them() -> list[int]:
        return await asyncio.gather(*(post(one, 60) for _ in range(4)), post(other, 0))

    assert asyncio.run(all_of_them()) == [408, 408, 429, 429, 200]

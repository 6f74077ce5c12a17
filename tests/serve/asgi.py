"""One request to an ASGI application, its body in pieces that come when the test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.protection.access import CLIENT


@dataclass(frozen=True)
class Answer:
    """What was sent back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        """Of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        return str(json.loads(self.body)["detail"])


async def pieces(parts: Iterable[bytes], pause_s: float = 0) -> AsyncIterator[bytes]:
    """A body that is sent slowly."""
    for part in parts:
        await asyncio.sleep(pause_s)
        yield part


async def request(
    app: ASGIApp,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: AsyncIterator[bytes] | None = None,
    gone: bool = False,
) -> Answer:
    """Ask; a client that is `gone` leaves after its body's last piece, half-way."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": raw}
    scope |= {"query_string": b"", "root_path": "", "scheme": "http", "server": ("here", 80)}
    sent: list[Message] = []
    ended = False

    async def receive() -> Message:
        nonlocal ended
        if ended:  # as a server does until the client leaves: who streams an answer asks for that
            await asyncio.Event().wait()
        async for part in body or pieces(()):
            return {"type": "http.request", "body": part, "more_body": True}
        if gone:
            return {"type": "http.disconnect"}
        ended = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return Answer(0, {}, b"")
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], answered, b"".join(part.get("body", b"") for part in sent[1:]))


async def request_as(app: ASGIApp, client: str | None) -> Answer:
    """A request with the key of a client, or of nobody."""

    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        if client is not None:
            scope[CLIENT] = client
        await app(scope, receive, send)

    return await request(known, "GET", "/")

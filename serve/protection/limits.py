"""How large a request may be, and how long it may take.

    headers --Content-Length too large--> 413
       '--> body, counted --too large--> 413
               |     '--not there in time--> 408
               '--> routes --not done in time--> 504, and the work is cancelled

A body is read whole before the routes see it, so that a slow sender holds nothing but its own
connection. Starlette's RequestBodyLimitMiddleware names no limit, and reading has no deadline.
Uploads that are streamed (`STREAMED`) have their own size and no deadline: a catalog takes the
time it takes.
"""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.problems import Problem, problem_response
from serve.route_path import route_path
from shelftag.config.serve import ServeConfig

STREAMED = "/v1/catalog"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class BodyLimit:
    """Megabytes of a body, and the setting that says so."""

    megabytes: float
    setting: str

    def check(self, size: int) -> None:
        """Raises Problem: 413, it is larger (`size` is in bytes)."""
        if size > self.megabytes * MEGABYTE:
            rule = f"at most {self.megabytes:g} MB in one request ({self.setting})"
            detail = f"the body has more: {rule}; send several requests"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


class Limits:
    """Holds requests to the settings' sizes and times."""

    def __init__(self, app: ASGIApp, settings: ServeConfig) -> None:
        self._app, self._timeout_s = app, settings.timeout_s
        self._whole = BodyLimit(settings.max_body_mb, "serve.max_body_mb")
        self._streamed = BodyLimit(settings.max_upload_mb, "serve.max_upload_mb")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        try:
            if route_path(scope) == STREAMED:
                await self._stream(scope, receive, send)
            else:
                await self._answer(scope, receive, send)
        except Problem as problem:  # of the reading here: the routes' own are answered there
            await problem_response(problem)(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._streamed.check(declared_size(scope) or 0)
        await self._app(scope, counted(receive, self._streamed), send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = read = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self._timeout_s) as deadline:
                body = await read_whole(scope, receive, self._whole)
                read = True
                if body is not None:
                    await self._app(scope, replayed(body, receive), watched)
        except TimeoutError:
            if not deadline.expired():
                raise
            if not started:  # else the server closes the connection on half an answer
                raise self._late(read) from None

    def _late(self, read: bool) -> Problem:
        rule = f"within {self._timeout_s:g} s (serve.timeout_s)"
        if read:
            detail = f"there was no answer {rule}: send fewer products, or come back later"
            return Problem(HTTPStatus.GATEWAY_TIMEOUT, detail)
        detail = f"the body was not there {rule}: send it faster, or less of it"
        return Problem(HTTPStatus.REQUEST_TIMEOUT, detail, {"Connection": "close"})


def declared_size(scope: Scope) -> int | None:
    """Bytes of the body as the headers say; 0 without a body, None if it comes in chunks.

    Servers refuse a Content-Length that is no number before anything of ours sees it.
    """
    size: int | None = 0
    for name, value in scope["headers"]:
        if name == b"content-length":
            size = int(value) if value.isdigit() else None
        elif name == b"transfer-encoding":
            return None
    return size


async def read_whole(scope: Scope, receive: Receive, limit: BodyLimit) -> bytes | None:
    """The body; None if the client went away.

    Raises:
        Problem: 413, it is too large; no more of it than that is kept.
    """
    declared = declared_size(scope)
    if declared == 0:
        return b""
    limit.check(declared or 0)
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        limit.check(size)
        more = message.get("more_body", False)
    return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body again in one message, then whatever the client does next."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return rest.pop() if rest else await receive()

    return again


def counted(receive: Receive, limit: BodyLimit) -> Receive:
    """The same messages; reading more than the limit raises Problem (413)."""
    size = 0

    async def count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        limit.check(size)
        return message

    return count

"""A whole catalog in, its tags out, both streamed.

body --> temporary file --> slot --> rows --> lines --> client

A slot is taken when all of the body is there, so that slow senders hold none.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from serve.bodies import check_encoding
from serve.catalog.lines import answer
from serve.catalog.ndjson import ndjson_rows
from serve.catalog.parquet import parquet_rows
from serve.catalog.rows import Columns, Rows, csv_rows
from serve.catalog.uploads import spool
from serve.problems import Problem
from serve.protection.access import CLIENT
from serve.protection.open_requests import Open
from serve.service import Model, Service, Tagged
from shelftag.config.serve import ServeConfig
from shelftag.errors import ShelftagError

CATALOGS_AT_A_TIME = 4
UPLOADS_AT_A_TIME = 16
"""Catalogs that are on their way here, wait or are tagged."""
OF_ONE_KEY = 2
"""Of these: half of the slots is left to others, however slowly a key reads its answers."""
PATIENCE_S = 60.0
"""How long a catalog waits for a slot once it is here, and for room beside other requests; and how
long a client may take for a chunk of the answer."""

FULL = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
NDJSON = "application/x-ndjson"
ACCEPTED = ("text/csv", NDJSON, "application/jsonl", "application/vnd.apache.parquet")
DESCRIBED: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string"}} for kind in ACCEPTED},
        }
    },
}


def router(service: Service, settings: ServeConfig) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["catalog"])
    slots = asyncio.Semaphore(CATALOGS_AT_A_TIME)
    uploads = asyncio.Semaphore(UPLOADS_AT_A_TIME)
    of_one_key = Open(OF_ONE_KEY, "catalogs", settings.retry_after_s)

    @routes.post("/v1/catalog", **DESCRIBED)
    async def catalog(
        request: Request,
        name_column: Annotated[
            str | None, Query(description="Else product_name, name or title.")
        ] = None,
        description_column: str | None = None,
        id_column: Annotated[
            str | None, Query(description="Else id or product_id, if there is one.")
        ] = None,
        top_k: Annotated[int | None, Query(ge=1)] = None,
        model: str | None = None,
    ) -> StreamingResponse:
        """Tag a CSV, NDJSON or Parquet file: a line of JSON for each row, in order.

        The last line has the counts; an answer without it is not whole. Where something goes
        wrong on the way, the last line is an `error`, and the connection is cut.
        """
        check_encoding(request)
        kind = content_kind(request.headers.get("content-type", ""))
        wanted = Columns(name_column, description_column, id_column)
        held = AsyncExitStack()
        try:
            held.enter_context(of_one_key.held(request.scope.get(CLIENT)))
            await _take(uploads, held, 0, settings.retry_after_s)
            file = await spool(request, settings.timeout_s)
            held.callback(file.close)
            await _take(slots, held, PATIENCE_S, settings.retry_after_s)
            kept = await service.model(model)  # to the end, whatever is put in its place
            tag = partial(_tag, kept, top_k, settings.retry_after_s)
            chunks = answer(_rows(kind, file, wanted), tag)
            held.push_async_callback(chunks.aclose)
            return _Closing(await anext(chunks), chunks, held)
        except ShelftagError as error:
            await held.aclose()
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        except BaseException:
            await held.aclose()
            raise

    return routes


def content_kind(header: str) -> str:
    """The media type of an upload.

    Raises:
        Problem: 415 it is none that is read, or the text is not UTF-8.
    """
    kind, _, more = header.lower().partition(";")
    charset = more.partition("charset=")[2].split(";")[0].strip(' "')
    if kind.strip() in ACCEPTED and charset in ("", "utf-8", "utf8", "us-ascii"):
        return kind.strip()
    detail = f"Content-Type {header[:200]!r} is not read; send {', '.join(ACCEPTED)}, in UTF-8"
    accepted = {"Accept-Post": ", ".join(ACCEPTED)}
    raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, accepted)


def _rows(kind: str, file: BinaryIO, wanted: Columns) -> Iterator[Rows]:
    if kind == "text/csv":
        return csv_rows(file, wanted)
    if kind.endswith("parquet"):
        return parquet_rows(file, wanted)
    return ndjson_rows(file, wanted)


async def _take(
    slots: asyncio.Semaphore, held: AsyncExitStack, patience_s: float, retry_after_s: int
) -> None:
    """Take a slot, so that uploads fill neither the disk nor the queue.

    Raises:
        Problem: 503, none came free.
    """
    try:
        async with asyncio.timeout(patience_s):  # of 0: a free one is taken without waiting
            await slots.acquire()
    except TimeoutError:
        detail = f"this copy takes {UPLOADS_AT_A_TIME} catalogs and tags {CATALOGS_AT_A_TIME} at a "
        after = {"Retry-After": str(retry_after_s)}
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, detail + "time: come back later", after
        ) from None
    held.callback(slots.release)


async def _tag(model: Model, top_k: int | None, pause_s: float, texts: list[str]) -> Tagged:
    """Ask again while the queue is full, of others' names or of this key's own."""
    waits = int(PATIENCE_S / pause_s)
    while True:
        try:
            return await model.tag(texts, top_k=top_k)
        except Problem as problem:
            if problem.status not in FULL or not waits:
                raise
        waits -= 1
        await asyncio.sleep(pause_s)


class _Closing(StreamingResponse):
    """Lets go of the file and the slot however it ends: read, broken off, or failed."""

    def __init__(
        self, first: bytes, rest: AsyncGenerator[bytes, None], held: AsyncExitStack
    ) -> None:
        super().__init__(_chain(first, rest), media_type=NDJSON)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:  # where a client that does not read is felt
            async with asyncio.timeout(PATIENCE_S):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        finally:
            await self._held.aclose()


async def _chain(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk

"""A whole catalog in, its tags out, both streamed.

body --> temporary file --> rows --> lines --> client
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve.catalog.lines import answer
from serve.catalog.ndjson import ndjson_rows
from serve.catalog.parquet import parquet_rows
from serve.catalog.rows import Columns, Rows, csv_rows
from serve.catalog.uploads import spool
from serve.problems import Problem
from serve.service import Model, Service, Tagged
from shelftag.config.serve import ServeConfig
from shelftag.errors import ShelftagError

CATALOGS_AT_A_TIME = 4
PATIENCE_S = 60.0
"""How long a catalog whose answer has begun waits for room beside other requests."""

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
    max_bytes = int(settings.max_upload_mb * 1e6)

    @routes.post("/v1/catalog", **DESCRIBED)
    async def catalog(
        request: Request,
        name_column: Annotated[
            str | None, Query(description="Else product_name, name or title.")
        ] = None,
        description_column: str | None = None,
        id_column: Annotated[str | None, Query(description="Else id, if there is one.")] = None,
        top_k: Annotated[int | None, Query(ge=1)] = None,
        model: str | None = None,
    ) -> StreamingResponse:
        """Tag a CSV, NDJSON or Parquet file: a line of JSON for each row, in order.

        The last line has the counts; an answer without it is not whole. Where something goes
        wrong on the way, the last line is an `error`, and the connection is cut.
        """
        kind = content_kind(request.headers.get("content-type", ""))
        wanted = Columns(name_column, description_column, id_column)
        held = AsyncExitStack()
        try:
            await _take(slots, held, settings.retry_after_s)
            file = await spool(request, settings.timeout_s)
            held.callback(file.close)
            kept = await service.model(model)  # to the end, whatever is put in its place
            tag = partial(_tag, kept, top_k, settings.retry_after_s)
            chunks = answer(_rows(kind, file, wanted, max_bytes), tag)
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


def _rows(kind: str, file: BinaryIO, wanted: Columns, max_bytes: int) -> Iterator[Rows]:
    if kind == "text/csv":
        return csv_rows(file, wanted)
    if kind.endswith("parquet"):
        return parquet_rows(file, wanted, max_bytes)
    return ndjson_rows(file, wanted)


async def _take(slots: asyncio.Semaphore, held: AsyncExitStack, retry_after_s: int) -> None:
    """Take a slot, so that uploads fill neither the disk nor the queue."""
    if slots.locked():
        detail = f"{CATALOGS_AT_A_TIME} catalogs are being tagged by this copy: come back later"
        after = {"Retry-After": str(retry_after_s)}
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, after)
    await held.enter_async_context(slots)


async def _tag(
    model: Model,
    top_k: int | None,
    pause_s: float,
    texts: list[str],
    begun: bool,
) -> Tagged:
    """Ask again while others fill the queue, once a part of the answer is made."""
    waits = int(PATIENCE_S / pause_s) if begun else 0
    while True:
        try:
            return await model.tag(texts, top_k=top_k)
        except Problem as problem:
            if problem.status != HTTPStatus.SERVICE_UNAVAILABLE or not waits:
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
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._held.aclose()


async def _chain(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk

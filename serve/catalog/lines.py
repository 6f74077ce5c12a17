"""The rows of a catalog -> lines of JSON, in order: a tag or an error for each, the counts last.

    rows -> texts -> tag -> lines --'--> chunks
    rows -> texts -> tag -> lines --'            two at a time: other requests get their turn

Serve's proxy takes an answer as fast as it is made, whether or not the client reads it. Chunks of
more than 100 kB (Ray's `max_direct_call_object_size`) wait in Ray's object store, which spills to
disk when it is full; smaller ones would wait in the memory of the proxy.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

from serve.catalog.rows import Rows
from serve.metrics.measured import count_reasons
from serve.problems import Problem
from serve.products import read_products
from serve.schemas import ProductId
from serve.service import Tagged
from serve.written import written
from shelftag.errors import InputError, ShelftagError

IN_FLIGHT = 2
CHUNK_BYTES = 2**17


@dataclass(frozen=True)
class Batch:
    """Rows as the model takes them."""

    texts: list[str]
    ids: list[ProductId]
    places: list[int]
    """Of each text."""
    errors: list[tuple[int, ProductId, str]]
    """Place, id, reason."""


Tag = Callable[[list[str]], Awaitable[Tagged]]
"""Texts to their tags."""


@dataclass
class Counts:
    """What became of all rows: the last line."""

    rows: int = 0
    tagged: int = 0
    errors: int = 0
    model: str | None = None
    """Fingerprint of the Run."""

    def add(self, batch: Batch, tagged: Tagged | None) -> None:
        """Count a batch."""
        self.tagged += len(batch.texts)
        self.errors += len(batch.errors)
        self.rows = self.tagged + self.errors
        if tagged is not None:
            self.model = tagged.model.fingerprint

    def line(self) -> bytes:
        """As JSON."""
        return json.dumps(vars(self)).encode() + b"\n"


async def answer(rows: Iterator[Rows], tag: Tag) -> AsyncGenerator[bytes, None]:
    """Chunks of lines. What goes wrong after the first chunk is a last line, and then raised.

    Raises:
        InputError: the rows cannot be read, or there are none.
        Failed: a part of the file is damaged.
        Problem: as `tag` raises it.
    """
    counts, waiting, begun = Counts(), bytearray(), False
    try:
        async with aclosing(_in_order(rows, tag)) as batches:
            async for batch, tagged in batches:
                counts.add(batch, tagged)
                count_reasons(reason for _, _, reason in batch.errors)
                waiting += await asyncio.to_thread(lines, batch, tagged)
                if len(waiting) >= CHUNK_BYTES:
                    begun = True
                    yield bytes(waiting)
                    waiting.clear()
        if not counts.rows:
            raise InputError("the catalog has no rows", "send one with products")
    except Exception as error:
        if begun:
            yield bytes(waiting) + json.dumps({"error": _reason(error)}).encode() + b"\n"
        raise
    yield bytes(waiting) + counts.line()


def _reason(error: Exception) -> str:
    if isinstance(error, Problem):
        return error.detail
    return str(error) if isinstance(error, ShelftagError) else type(error).__name__


async def _in_order(
    rows: Iterator[Rows], tag: Tag
) -> AsyncGenerator[tuple[Batch, Tagged | None], None]:
    """Batches and their tags, the next ones on their way."""
    batches = map(prepared, rows)
    waiting: deque[tuple[Batch, asyncio.Future[Tagged | None]]] = deque()
    try:
        while (batch := await _next(batches)) is not None:
            waiting.append((batch, asyncio.ensure_future(_tagged(batch, tag))))
            if len(waiting) == IN_FLIGHT:
                yield waiting[0][0], await waiting[0][1]
                waiting.popleft()
        while waiting:
            yield waiting[0][0], await waiting[0][1]
            waiting.popleft()
    finally:
        left = [future for _, future in waiting]
        for future in left:
            future.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _next(batches: Iterator[Batch]) -> Batch | None:
    """The next batch. Who is cancelled meanwhile waits for the thread: it reads a file that is
    closed next, and closing it would wait for it on the event loop."""
    reading = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        await asyncio.wait([reading])
        reading.exception()  # of nobody's interest now
        raise


async def _tagged(batch: Batch, tag: Tag) -> Tagged | None:
    return await tag(batch.texts) if batch.texts else None


def prepared(rows: Rows) -> Batch:
    """The rows' texts, and why some have none."""
    texts, ids, refused = read_products(rows.products)
    errors = [(rows.places[one.index], one.id, one.reason) for one in refused]
    without = {one.index for one in refused}
    places = [place for i, place in enumerate(rows.places) if i not in without]
    errors += [(place, None, reason) for place, reason in rows.errors]
    return Batch(texts, ids, places, errors)


def lines(batch: Batch, tagged: Tagged | None) -> bytes:
    """A line for each row, in order."""
    out = {
        place: json.dumps({"row": place, "id": identity, "error": reason})
        for place, identity, reason in batch.errors
    }
    if tagged is not None:
        for place, tag in zip(batch.places, written(tagged, batch.ids), strict=True):
            out[place] = f'{{"row": {place}, {tag[1:]}'
    return "".join(out[place] + "\n" for place in sorted(out)).encode()

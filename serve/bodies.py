"""Request bodies read and checked: one parse, one validation, and the right status for each fault.

FastAPI's own reading answers malformed JSON with 422, and checks what it has read twice.
"""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from serve.problems import Problem, invalid

JSON = "application/json"
LARGE_BYTES = 2**16
"""A larger body is read in a thread: parsing 8 MB takes the event loop from everyone else."""
Body = TypeVar("Body", bound=BaseModel)
Result = TypeVar("Result")


async def read_body(request: Request, kind: type[Body]) -> Body:
    """The body of a request as a model.

    Raises:
        Problem: 415 it says that it is no JSON, 400 it is none, 422 a field breaks its rule.
    """
    check_encoding(request)
    given = request.headers.get("content-type", JSON)
    essence = given.partition(";")[0].strip().lower()
    if essence != JSON and not essence.endswith("+json"):
        detail = f"the body is {given[:100]!r}, not JSON: send Content-Type: {JSON}"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    return await in_thread_if_large(request, partial(parse_body, await request.body(), kind))


def check_encoding(request: Request) -> None:
    """Refuse a body that is packed: no one here unpacks it.

    Raises:
        Problem: 415.
    """
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding != "identity":
        detail = f"Content-Encoding {encoding[:50]!r}: send the body as it is"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)


async def in_thread_if_large(request: Request, work: Callable[[], Result]) -> Result:
    """What is done with a request's body, beside the event loop if there is much of it."""
    if len(await request.body()) <= LARGE_BYTES:
        return work()
    return await asyncio.to_thread(work)


def parse_body(body: bytes, kind: type[Body]) -> Body:
    """The same of bytes."""
    try:
        content = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body is not JSON ({error})") from None
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from None


def check_count(count: int, most: int) -> None:
    """Refuse more products than one request may have.

    Raises:
        Problem: 413.
    """
    if count > most:
        limit = f"at most {most:,} products in one request (serve.max_products)"
        way_out = "send several requests, or a file to /v1/catalog"
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{count:,} products: {limit}; {way_out}"
        )


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def described(kind: type[BaseModel], *others: str) -> dict[str, object]:
    """`openapi_extra` of a route that reads its body itself; `others` are media types it takes."""
    schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    content: dict[str, object] = {JSON: {"schema": schema}}
    content |= {other: {"schema": {"type": "string", "format": "binary"}} for other in others}
    return {"requestBody": {"content": content, "required": True}}

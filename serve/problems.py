"""What a request can be answered with beside its result: one shape for all errors.

`application/problem+json` of RFC 9457 (https://www.rfc-editor.org/rfc/rfc9457): `title` is the
status in words, `detail` says the value, the limit and the way out.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from serve.route_path import route_path

MEDIA_TYPE = "application/problem+json"
MOST_RULES = 20
"""Broken rules that one answer tells; a body can break a million."""


class Problem(Exception):
    """A request that cannot be answered as asked."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def problem_response(problem: Problem) -> Response:
    """As it is sent."""
    return _ProblemResponse(problem)


class _ProblemResponse(Response):
    """RFC 9457's shape; under /v2 that of the Open Inference Protocol, {"error": "..."}."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(_body(problem), int(problem.status), problem.headers, MEDIA_TYPE)
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if not f"{route_path(scope)}/".startswith("/v2/"):
            await super().__call__(scope, receive, send)
            return
        body = json.dumps({"error": self._problem.detail})
        answer = Response(body, self.status_code, self._problem.headers, "application/json")
        await answer(scope, receive, send)


def _body(problem: Problem) -> bytes:
    content = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": problem.detail,
    }
    return json.dumps(content).encode()


def answer_problems(app: FastAPI) -> None:
    """Every error of the application in this one shape."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  (Starlette's type of handlers is wider)
    return problem_response(error)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    detail = str(error.detail)
    if detail == status.phrase:  # Starlette's own
        allowed = f" (allowed: {headers['Allow']})" if "Allow" in headers else ""
        detail = f"{request.method} {request.url.path[:200]!r} is not here{allowed}: see /docs"
    return problem_response(Problem(status, detail, headers))


def _methods(request: Request) -> list[str]:
    """What the path has; Starlette names only those of the first of its routes."""
    here = [route.matches for route in request.app.routes]
    tried = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    asked = {method: {**request.scope, "method": method} for method in tried}
    return [m for m, scope in asked.items() if any(at(scope)[0] is Match.FULL for at in here)]


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return problem_response(invalid(error.errors()))


def invalid(errors: object) -> Problem:
    """422 for fields that break their rules; `errors` are pydantic's."""
    assert isinstance(errors, list | tuple)  # noqa: S101
    rules = [_rule(one) for one in errors[:MOST_RULES]]
    if len(errors) > MOST_RULES:
        rules.append(f"and {len(errors) - MOST_RULES:,} more")
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(rules))


def _rule(error: Any) -> str:
    """The field, what was given if it is short, and what is wanted."""
    field, value = ".".join(map(str, error["loc"]))[:200] or "the body", error.get("input")
    short = error["type"] != "missing" and isinstance(value, str | int | float)
    given = f" = {value!r:.60}" if short else ""
    wanted = "Input should be an object" if error["type"] == "model_type" else error["msg"]
    return f"{field}{given}: {wanted}"

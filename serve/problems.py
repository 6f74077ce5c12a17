"""What a request can be answered with beside its result: one shape for all errors.

`application/problem+json` of RFC 9457 (https://www.rfc-editor.org/rfc/rfc9457): `title` is the
status in words, `detail` says the value, the limit and the way out.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that cannot be answered as asked."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def problem_response(problem: Problem, path: str = "") -> Response:
    """As it is sent; under /v2 in the Open Inference Protocol's own shape."""
    if path == "/v2" or path.startswith("/v2/"):
        body = json.dumps({"error": problem.detail}).encode()
        return Response(body, int(problem.status), problem.headers, "application/json")
    content = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": problem.detail,
    }
    body = json.dumps(content).encode()
    return Response(body, int(problem.status), problem.headers, MEDIA_TYPE)


def answer_problems(app: FastAPI) -> None:
    """Every error of the application in this one shape."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  (Starlette's type of handlers is wider)
    return problem_response(error, request.url.path)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    problem = Problem(HTTPStatus(error.status_code), error.detail, error.headers)
    return problem_response(problem, request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return problem_response(invalid(error.errors()), request.url.path)


def invalid(errors: object) -> Problem:
    """422 for fields that break their rules; `errors` are pydantic's."""
    assert isinstance(errors, list | tuple)  # noqa: S101
    rules = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, rules)

"""So many requests of one key at a time.

A copy works on `serve.max_ongoing_requests` at a time, slow senders among them: a key that fills
them all, without ever asking fast, would keep everyone else out.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.problems import Problem, problem_response
from serve.protection.access import CLIENT

SHARE = 4
"""One key may hold a quarter of what a copy takes."""


class Open:
    """Counts what each client holds; at most `most` of `what`."""

    def __init__(self, most: int, what: str, retry_after_s: int) -> None:
        self._most, self._what, self._retry_after_s = most, what, retry_after_s
        self._held: Counter[str] = Counter()

    @contextmanager
    def held(self, client: str | None) -> Iterator[None]:
        """Hold one for the length of the block; a client without a name is not counted.

        Raises:
            Problem: 429, it holds as many as it may.
        """
        if client is None:
            yield
            return
        if self._held[client] >= self._most:
            detail = f"{self._most} {self._what} of one key are open, and no more may be"
            after = {"Retry-After": str(self._retry_after_s)}
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, f"{detail}: wait for their answers", after)
        self._held[client] += 1
        try:
            yield
        finally:
            self._held[client] -= 1


class OpenRequests:
    """Answers 429 to a key that has too many requests open."""

    def __init__(self, app: ASGIApp, max_ongoing_requests: int, retry_after_s: int) -> None:
        most = max(max_ongoing_requests // SHARE, 1)
        self._app, self._open = app, Open(most, "requests", retry_after_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as held:
            try:
                held.enter_context(self._open.held(scope.get(CLIENT)))
            except Problem as problem:
                refused = problem_response(problem)
                return await refused(scope, receive, send)
            return await self._app(scope, receive, send)

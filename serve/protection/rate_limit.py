"""So many requests a second of one key.

The token bucket, kept as one number a client: when the next request would be due if they came
evenly (GCRA, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). A client may be a second
ahead of that, so a burst has as many requests as a second.

Each copy of the tagger counts for itself, with an equal share of the limit: that of the most
copies there may be (`serve.replicas`). Over all copies it holds approximately: fewer are let in
while there are fewer copies, or where a balancer is uneven.
"""

import math
import time
from collections.abc import Callable
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.problems import Problem, problem_response
from serve.protection.access import CLIENT

BURST_S = 1.0


class Rate:
    """Counts the requests of each client against `per_s`; there are as many as names of keys."""

    def __init__(self, per_s: float) -> None:
        self._interval_s = 1 / per_s
        self._ahead_s = max(BURST_S - self._interval_s, 0.0)
        self._due: dict[str, float] = {}

    def wait_s(self, client: str, now: float) -> float:
        """Seconds until a request of this client is welcome; 0 takes it now."""
        due = max(self._due.get(client, now), now)
        wait = due - now - self._ahead_s
        if wait > 0:
            return wait
        self._due[client] = due + self._interval_s
        return 0.0


class RateLimit:
    """Answers 429 to clients that ask too much; those without a key's name pass."""

    def __init__(
        self,
        app: ASGIApp,
        requests_per_s: float,
        replicas: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._clock = app, clock
        self._rate = Rate(requests_per_s / replicas)
        self._rule = f"at most {requests_per_s:g} requests a second (serve.requests_per_s)"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get(CLIENT)
        wait = 0.0 if client is None else self._rate.wait_s(client, self._clock())
        if wait == 0:
            await self._app(scope, receive, send)
        else:
            await problem_response(self._too_many(wait))(scope, receive, send)

    def _too_many(self, wait: float) -> Problem:
        after = math.ceil(wait)
        detail = f"{self._rule}: come back in {after} s"
        return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": str(after)})

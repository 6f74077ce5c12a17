"""What is counted, and where: the instruments of a copy of the tagger.

Every label has few values: routes as they are written in the code, never the path that was asked
for; departments of the model; reasons without what they quote.
"""

import asyncio
import re
import time
from collections.abc import Iterable

import numpy as np
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.metrics.instruments import Counter, Gauge, Histogram
from serve.service import ModelCard
from shelftag.tagging.products import MAX_CHARACTERS, MAX_FOLDED, MAX_MARKS
from shelftag.tagging.tagger import REVIEW, TAGGED, Ranking

REQUESTS = Counter(
    "shelftag_requests_total", "HTTP requests answered.", ("route", "method", "status")
)
REFUSED = Counter(
    "shelftag_requests_refused_total",
    "Requests answered with 429 (too many), 503 (too much waits) or 504 (too late).",
    ("status",),
)
SECONDS = Histogram(
    "shelftag_request_duration_seconds",
    "Seconds until a request's answer was sent.",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    ("route",),
)
BATCH = Histogram(
    "shelftag_batch_names",
    "Names that were scored together.",
    (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
WAITING = Gauge("shelftag_names_waiting", "Names that wait or are being scored.")
TAGS = Counter("shelftag_names_tagged_total", "Names tagged.", ("department", "status"))
PRODUCT_ERRORS = Counter(
    "shelftag_product_errors_total", "Products that could not be tagged.", ("reason",)
)
CACHE = Counter(
    "shelftag_cache_lookups_total",
    "Names found in the cache of names (hit), or scored (miss).",
    ("result",),
)
MODEL = Gauge("shelftag_model_info", "1 for the Runs that answer.", ("name", "fingerprint", "role"))
SETTINGS_REFUSED = Gauge(
    "shelftag_settings_refused", "1 where the settings asked for last are not in force."
)
COMPARED = Counter(
    "shelftag_challenger_compared_total",
    "Names the challenger was asked too, by the champion's department.",
    ("department",),
)
DISAGREED = Counter(
    "shelftag_challenger_disagreements_total",
    "Of these: it said another department.",
    ("department",),
)
FAILED = Counter(
    "shelftag_challenger_failures_total",
    "Requests the challenger was asked too, and failed at.",
)

REASONS = frozenset(
    {
        "a product is an object with a name",
        "the id is no text or integer",
        "the line is no object",
        "the line is not JSON",
        "the line is not UTF-8",
        "the name is blank",
        "the name is missing",
        f"the folded text has more than {MAX_FOLDED:,} characters",
        *(f"the {what} is not UTF-8" for what in MAX_CHARACTERS),
        *(f"the {what} is not text" for what in MAX_CHARACTERS),
        *(f"the {what} has more than {most:,} characters" for what, most in MAX_CHARACTERS.items()),
        *(
            f"the {what} has more than {MAX_MARKS} combining marks in a row"
            for what in MAX_CHARACTERS
        ),
    }
)
"""Labels of PRODUCT_ERRORS; those of rows of files, which may quote the file, are `other`."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_LEFT = 499
"""nginx's status for a request whose client left before the answer."""


class Measured:
    """ASGI middleware, the outermost: counts every HTTP request and its seconds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except asyncio.CancelledError:
            status = status or CLIENT_LEFT
            raise
        finally:
            count_request(scope, status or 500, time.perf_counter() - began)


def count_request(scope: Scope, status: int, seconds: float) -> None:
    """A request that is over."""
    route = getattr(scope.get("route"), "path", "other")  # of an unknown path there is none
    method = scope["method"] if scope["method"] in METHODS else "other"
    REQUESTS.add(route, method, str(status))
    SECONDS.observe(seconds, route)
    if status in (429, 503, 504):
        REFUSED.add(str(status))


def count_tags(model: ModelCard, ranking: Ranking) -> None:
    """Names that were tagged."""
    codes = np.bincount(2 * ranking.departments[:, 0] + ranking.review)
    for code, names in enumerate(codes.tolist()):
        if names:
            TAGS.add(model.departments[code // 2], REVIEW if code % 2 else TAGGED, by=names)


def count_reasons(reasons: Iterable[str]) -> None:
    """Products that could not be tagged, by what the reason says before it quotes something."""
    for reason in reasons:
        kind = re.sub(r" \(.*|, (not|but) .*", "", reason, flags=re.DOTALL)
        PRODUCT_ERRORS.add(kind if kind in REASONS else "other")


def count_batch(names: int, scored: int) -> None:
    """A batch of names, of which the model was asked `scored`; the others were remembered."""
    BATCH.observe(names)
    if scored:
        CACHE.add("miss", by=scored)
    if names > scored:
        CACHE.add("hit", by=names - scored)


def count_compared(department: str, agree: bool) -> None:
    """A name that the challenger was asked too, with the champion's department."""
    COMPARED.add(department)
    if not agree:
        DISAGREED.add(department)


def count_failed() -> None:
    """A request that the challenger failed at."""
    FAILED.add()


def set_problem(problem: str | None) -> None:
    """Whether the settings that were asked for last are in force."""
    SETTINGS_REFUSED.set(float(problem is not None))


def set_models(champion: ModelCard, challenger: ModelCard | None) -> None:
    """Which Runs answer now."""
    said: dict[tuple[str, ...], float] = {(champion.name, champion.fingerprint, "champion"): 1.0}
    if challenger is not None:
        said[challenger.name, challenger.fingerprint, "challenger"] = 1.0
    MODEL.only(said)

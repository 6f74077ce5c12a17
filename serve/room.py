"""How much may wait in a copy: names, and characters, since the one says little of the other."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from serve.metrics.measured import WAITING
from serve.problems import Problem
from serve.protection.access import CALLER
from shelftag.config.serve import ServeConfig

SHARE = 2
"""One key may fill half of it: what is left answers the others."""
EVERYBODY = None
"""Whom a count is of that is of no key, or of all."""


class Room:
    """Counts what waits or is being scored. A request alone is let in, whatever its size: that has
    limits of its own."""

    def __init__(self, settings: ServeConfig) -> None:
        self._settings = settings
        self._held: Counter[tuple[str | None, str]] = Counter()

    @contextmanager
    def taken(self, texts: Sequence[str]) -> Iterator[None]:
        """For as long as the texts wait or are scored.

        Raises:
            Problem: 503, too many would wait; 429, too many of one key.
        """
        caller, more = CALLER.get(), {"names": len(texts), "characters": sum(map(len, texts))}
        for what, size in more.items():
            self._check(what, size, caller)
        self._add(caller, more, 1)
        try:
            yield
        finally:
            self._add(caller, more, -1)

    def _check(self, what: str, more: int, caller: str | None) -> None:
        setting = f"serve.max_queued_{what}"
        most = int(getattr(self._settings, f"max_queued_{what}"))
        waiting, own = self._held[EVERYBODY, what], self._held[caller, what]
        if waiting and waiting + more > most:
            detail = f"{waiting:,} {what} wait, at most {most:,} may ({setting})"
            raise self._full(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        if caller is not EVERYBODY and own and own + more > most // SHARE:
            rule = f"at most {most // SHARE:,} may, a part of {setting}"
            detail = f"{own:,} {what} of this key wait, {rule}"
            raise self._full(HTTPStatus.TOO_MANY_REQUESTS, detail)

    def _full(self, status: HTTPStatus, detail: str) -> Problem:
        after = {"Retry-After": str(self._settings.retry_after_s)}
        return Problem(status, f"{detail}: come back later", after)

    def _add(self, caller: str | None, more: Mapping[str, int], sign: int) -> None:
        for what, size in more.items():
            for whose in {EVERYBODY, caller}:
                self._held[whose, what] += sign * size
        WAITING.set(self._held[EVERYBODY, "names"])

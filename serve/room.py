"""How much may wait in a copy: names, and characters, since the one says little of the other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from serve.metrics.measured import WAITING
from serve.problems import Problem
from shelftag.config.serve import ServeConfig


class Room:
    """Counts what waits or is being scored. A request alone is let in, whatever its size: that has
    limits of its own."""

    def __init__(self, settings: ServeConfig) -> None:
        self._settings = settings
        self._names = self._characters = 0

    @contextmanager
    def taken(self, texts: Sequence[str]) -> Iterator[None]:
        """For as long as the texts wait or are scored.

        Raises:
            Problem: 503, too many would wait.
        """
        names, characters, most = len(texts), sum(map(len, texts)), self._settings
        if self._names:
            self._check("names", self._names, names, most.max_queued_names)
            limit = most.max_queued_characters
            self._check("characters", self._characters, characters, limit)
        self._add(names, characters)
        try:
            yield
        finally:
            self._add(-names, -characters)

    def _check(self, what: str, waiting: int, more: int, most: int) -> None:
        if waiting + more > most:
            rule = f"at most {most:,} may (serve.max_queued_{what})"
            detail = f"{waiting:,} {what} wait, {rule}: come back later"
            after = {"Retry-After": str(self._settings.retry_after_s)}
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, after)

    def _add(self, names: int, characters: int) -> None:
        self._names += names
        self._characters += characters
        WAITING.set(self._names)

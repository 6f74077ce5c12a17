"""A challenger beside the champion: asked the same, its answers only counted.

Samples wait in a short queue and are dropped when it is full: the champion's answers never wait
for it. It works in a thread of its own, at the lowest priority where the system has one for a
thread (https://man7.org/linux/man-pages/man7/sched.7.html: on Linux each thread has its own).
"""

import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from serve.loading import Loaded
from shelftag.tagging.tagger import Ranking

MOST_WAITING = 64
Compared = Callable[[str, bool], None]
"""(the champion's department, whether the challenger says the same)."""


class Shadow:
    """Holds the challenger, if there is one."""

    def __init__(self, compared: Compared = lambda *_: None) -> None:
        self.challenger: Loaded | None = None
        self._compared = compared
        self._share = 0.0
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "challenger", initializer=_give_way)
        self._dice = random.Random(0)  # noqa: S311  (which requests are sampled is no secret)

    def set(self, challenger: Loaded | None, share: float) -> None:
        """Another challenger, or none."""
        self.challenger, self._share = challenger, share

    def offer(self, texts: Sequence[str], champion: Loaded, ranking: Ranking) -> None:
        """Have the challenger answer too, if the request is drawn and it has time."""
        challenger = self.challenger
        if challenger is None or self._dice.random() >= self._share:
            return
        if self._waiting >= MOST_WAITING:
            return
        self._waiting += 1
        names = champion.tagger.departments.names
        said = [names[first] for first in ranking.departments[:, 0].tolist()]
        self._thread.submit(self._compare, challenger, list(texts), said)

    def _compare(self, challenger: Loaded, texts: list[str], said: list[str]) -> None:
        try:
            names = challenger.tagger.departments.names
            first = challenger.tagger.rank(texts).departments[:, 0].tolist()
            for department, other in zip(said, first, strict=True):
                self._compared(department, names[other] == department)
        finally:
            self._waiting -= 1


def _give_way() -> None:
    os.nice(19)

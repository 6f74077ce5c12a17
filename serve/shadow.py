"""A challenger beside the champion: asked the same, its answers only counted.

Samples wait in a short queue and are dropped when it is full: no answer of the champion waits for
one of the challenger. Both share the copy's cores and Python's lock, so the challenger works a few
names at a time and rests as long as each took. It stays at the champion's priority: a thread of a
lower one that holds the lock, and is kept from running by other programs, would hold up all.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from serve.loading import Loaded
from shelftag.tagging.tagger import Ranking

MOST_WAITING = 1_024
"""Names."""
STEP = 16
"""Names it is asked in one go."""
Compared = Callable[[str, bool], None]
"""(the champion's department, whether the challenger says the same)."""
log = logging.getLogger("ray.serve")


class Shadow:
    """Holds the challenger, if there is one."""

    def __init__(
        self, compared: Compared = lambda *_: None, failed: Callable[[], None] = lambda: None
    ) -> None:
        self.challenger: Loaded | None = None
        self._compared, self._failed = compared, failed
        self._share = 0.0
        self._waiting = 0
        self._lock = threading.Lock()
        self._told = False
        self._thread = ThreadPoolExecutor(1, "challenger")
        self._dice = random.Random(0)  # noqa: S311  (which requests are sampled is no secret)

    def set(self, challenger: Loaded | None, share: float) -> None:
        """Another challenger, or none."""
        if challenger is not self.challenger:
            self._told = False
        self.challenger, self._share = challenger, share

    def offer(self, texts: Sequence[str], champion: Loaded, ranking: Ranking) -> None:
        """Have the challenger answer too, if the request is drawn and it has time."""
        challenger = self.challenger
        if challenger is None or self._dice.random() >= self._share:
            return
        if self._waiting + len(texts) > MOST_WAITING:
            return
        self._wait(len(texts))
        names = champion.tagger.departments.names
        said = [names[first] for first in ranking.departments[:, 0].tolist()]
        self._thread.submit(self._ask, challenger, list(texts), said)

    def _ask(self, challenger: Loaded, texts: list[str], said: list[str]) -> None:
        try:
            for start in range(0, len(texts), STEP):
                began, end = time.monotonic(), start + STEP
                self._compare(challenger, texts[start:end], said[start:end])
                time.sleep(time.monotonic() - began)
        except Exception:  # whatever it raises, it is no answer
            self._failed()
            if not self._told:
                self._told = True
                log.exception("the challenger failed; that it fails again is only counted")
        finally:
            self._wait(-len(texts))

    def _compare(self, challenger: Loaded, texts: list[str], said: list[str]) -> None:
        names = challenger.tagger.departments.names
        first = challenger.tagger.rank(texts).departments[:, 0].tolist()
        for department, other in zip(said, first, strict=True):
            self._compared(department, names[other] == department)

    def _wait(self, names: int) -> None:
        with self._lock:  # the event loop adds, the thread takes away
            self._waiting += names

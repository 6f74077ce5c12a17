"""Counts held in this process, and handed to Ray once a second.

    request, batch --add--> held here, under a lock      (0.3 microseconds)
                              '--a thread, once a second--> Ray's instruments --> agent of the node

Ray's own instruments take some 5 microseconds a record, and a request has several; Ray sends what
it has every ten seconds anyway. Until `start` nothing leaves, and Ray is not imported.
Names follow https://prometheus.io/docs/practices/naming/
"""

import logging
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

EVERY_S = 1.0
SAID_0 = 30
"""How often a gauge says 0 for labels that are over: for 30 s, and Ray exports every ten."""
Labels = tuple[str, ...]
_all: list["Instrument"] = []
_started = threading.Event()
log = logging.getLogger("ray.serve")


class Instrument:
    """Sums by label values; every kind of instrument is made of them."""

    def __init__(self, name: str, description: str, labels: Labels = ()) -> None:
        self.name, self.description, self.labels = name, description, labels
        self._held: dict[Labels, float] = {}
        self._lock = threading.Lock()
        self._ray: Any = None
        _all.append(self)

    def _add(self, key: Labels, by: float) -> None:
        with self._lock:
            self._held[key] = self._held.get(key, 0) + by

    def take(self) -> dict[Labels, float]:
        """What was added since the last time."""
        with self._lock:
            taken, self._held = self._held, {}
        return taken

    def hand_over(self) -> None:
        """Give Ray what is held."""
        taken = self.take()
        if taken:
            self._ray = self._ray or self._made()
        for key, value in taken.items():
            self._record(key, value)

    def _made(self) -> Any:
        raise NotImplementedError

    def _record(self, key: Labels, value: float) -> None:
        raise NotImplementedError


class Counter(Instrument):
    """How often."""

    def add(self, *labels: str, by: float = 1) -> None:
        """Count one more, or `by` more."""
        self._add(labels, by)

    def _made(self) -> Any:
        from ray.serve import metrics

        return metrics.Counter(self.name, self.description, self.labels)

    def _record(self, key: Labels, value: float) -> None:
        self._ray.inc(value, dict(zip(self.labels, key, strict=True)))


class Histogram(Instrument):
    """How large: a value is kept as the bucket it falls into, as Ray exports it.

    Ray gives the exported `_sum` from the buckets' middles too, so it is approximate.
    """

    def __init__(
        self, name: str, description: str, bounds: Sequence[float], labels: Labels = ()
    ) -> None:
        super().__init__(name, description, labels)
        self._bounds = list(bounds)

    def observe(self, value: float, *labels: str) -> None:
        """Count one value."""
        self._add((str(bisect_left(self._bounds, value)), *labels), 1)

    def _made(self) -> Any:
        from ray.serve import metrics

        return metrics.Histogram(self.name, self.description, self._bounds, self.labels)

    def _record(self, key: Labels, value: float) -> None:
        bucket, *labels = key
        inside = [*self._bounds, self._bounds[-1] * 2][int(bucket)]  # bounds belong to their bucket
        tags = dict(zip(self.labels, labels, strict=True))
        for _ in range(int(value)):
            self._ray.observe(inside, tags)


class Gauge(Instrument):
    """How much there is now."""

    def __init__(self, name: str, description: str, labels: Labels = ()) -> None:
        super().__init__(name, description, labels)
        self._over: dict[Labels, int] = {}
        """Labels that are over, and how often 0 is still said for them."""

    def set(self, value: float, *labels: str) -> None:
        """Say it."""
        with self._lock:
            self._held[labels] = value
            self._over.pop(labels, None)

    def only(self, values: Mapping[Labels, float]) -> None:
        """Say it for these labels, and 0 a few times for all that were said before."""
        with self._lock:
            over = self._held.keys() - values.keys()
            self._over = {labels: self._over.get(labels, SAID_0) for labels in over}
            self._held = dict.fromkeys(over, 0.0) | dict(values)

    def take(self) -> dict[Labels, float]:
        """All that is; Ray forgets what is not said again, so it stays held, and what is over goes
        when Ray has its 0: in-place changes of a Run would add labels for ever."""
        with self._lock:
            taken = dict(self._held)
            for labels in list(self._over):
                self._over[labels] -= 1
                if not self._over[labels]:
                    del self._over[labels]
                    self._held.pop(labels, None)
            return taken

    def _made(self) -> Any:
        from ray.serve import metrics

        return metrics.Gauge(self.name, self.description, self.labels)

    def _record(self, key: Labels, value: float) -> None:
        self._ray.set(value, dict(zip(self.labels, key, strict=True)))


def start() -> None:
    """Hand over from now on; once a process, in a replica."""
    if not _started.is_set():
        _started.set()
        threading.Thread(target=_hand_over, name="metrics", daemon=True).start()


def _hand_over() -> None:
    while True:
        time.sleep(EVERY_S)
        for instrument in _all:
            try:
                instrument.hand_over()
            except Exception:
                log.exception("%s was not handed to Ray", instrument.name)

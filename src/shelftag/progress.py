"""How far long work is: a line that is rewritten, or in a log now and then one more."""

import sys
import time

REWRITTEN_EVERY_S = 0.2
LOGGED_EVERY_S = 5.0


class Progress:
    """Says on stderr how much is done, how fast it goes, and how long the rest will take."""

    def __init__(self, what: str, total: int, unit: str = "rows", of_a_unit: int = 1) -> None:
        """`what` names the work; one `unit` is `of_a_unit` of what is counted."""
        self._label, self._unit, self._of = what, unit, of_a_unit
        self._total, self._done = total, 0
        self._first: tuple[float, int] | None = None  # when the first came, and how many
        self._said = time.perf_counter()

    def add(self, count: int) -> None:
        """Count more as done; a line says so, if the last one is not fresh."""
        self._done += count
        now = time.perf_counter()
        in_terminal = sys.stderr.isatty()
        every_s = REWRITTEN_EVERY_S if in_terminal else LOGGED_EVERY_S
        if self._done >= self._total or now - self._said >= every_s:
            self._said = now
            end = "\r" if in_terminal and self._done < self._total else "\n"
            print(f"{self._line(now):<78}", end=end, file=sys.stderr, flush=True)
        if self._first is None:
            self._first = (now, self._done)

    def _line(self, now: float) -> str:
        done, total = (self._number(count) for count in (self._done, self._total))
        return f"{self._label}: {done} of {total} {self._unit}{self._pace(now)}"

    def _pace(self, now: float) -> str:
        """Counted from the first on: before, workers were started and models loaded."""
        started, before = self._first or (now, self._done)
        if self._done == before or now == started:
            return ""
        rate = (self._done - before) / (now - started)
        left_s = (self._total - self._done) / rate
        return f", {self._number(rate)} {self._unit}/s, {left_s:,.0f} s left"

    def _number(self, count: float) -> str:
        return f"{count / self._of:,.{0 if self._of == 1 else 1}f}"

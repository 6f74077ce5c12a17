"""How a bulk job goes: OUT/progress.json for whoever looks on, and a line on the terminal."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from shelftag.artifacts import write_json

WRITE_EVERY_S = 0.5


class Progress:
    """Writes {state, rows_done, rows_total, errors}; the state is `done` when the block ends well,
    and `failed` when it ends with an exception."""

    def __init__(self, file: Path, rows_total: int) -> None:
        self._file = file
        self._rows_total = rows_total
        self._rows_done = 0
        self._errors = 0
        self._first: tuple[float, int] | None = None  # when rows began to come, and how many
        self._written = 0.0

    def __enter__(self) -> Self:
        self._write("running")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind and sys.stderr.isatty():
            print(file=sys.stderr)  # the last line stays, the error comes under it
        self._write("failed" if kind else "done")

    def add(self, rows: int, errors: int) -> None:
        """Count rows that are done, errors among them."""
        self._rows_done += rows
        self._errors += errors
        now = time.perf_counter()
        if self._first is None:
            self._first = (now, self._rows_done)
        if now - self._written >= WRITE_EVERY_S or self._rows_done == self._rows_total:
            self._written = now
            self._write("running")
            self._show(now)

    def _write(self, state: str) -> None:
        write_json(
            self._file,
            {
                "state": state,
                "rows_done": self._rows_done,
                "rows_total": self._rows_total,
                "errors": self._errors,
            },
        )

    def _show(self, now: float) -> None:
        """Rows, rate and time left: one line that is rewritten, or in a log one after another."""
        line = f"tagged: {self._rows_done:,} of {self._rows_total:,} rows{self._pace(now)}"
        done = self._rows_done == self._rows_total
        end = "\n" if done or not sys.stderr.isatty() else "\r"
        print(f"{line:<72}", end=end, file=sys.stderr, flush=True)

    def _pace(self, now: float) -> str:
        """Counted from the first rows on: before, models were loaded."""
        started, before = self._first or (now, self._rows_done)
        if self._rows_done == before:
            return ""
        rate = (self._rows_done - before) / (now - started)
        left_s = (self._rows_total - self._rows_done) / rate
        return f", {rate:,.0f} rows/s, {left_s:,.0f} s left"

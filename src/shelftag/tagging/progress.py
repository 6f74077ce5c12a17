"""How a bulk job goes: OUT/progress.json for whoever looks on, and a line on the terminal."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from shelftag.artifacts import write_json
from shelftag.progress import Progress

WRITE_EVERY_S = 0.5


class JobProgress:
    """Writes {state, rows_done, rows_total, errors}; the state is `done` when the block ends well,
    and `failed` when it ends with an exception."""

    def __init__(self, file: Path, rows_total: int) -> None:
        self._file = file
        self._rows_total = rows_total
        self._rows_done = 0
        self._errors = 0
        self._line = Progress("tagged", rows_total)
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
        self._line.add(rows)
        now = time.perf_counter()
        if now - self._written >= WRITE_EVERY_S or self._rows_done == self._rows_total:
            self._written = now
            self._write("running")

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

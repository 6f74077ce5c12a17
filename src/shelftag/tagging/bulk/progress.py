"""How a bulk job goes: OUT/progress.json for whoever looks on, and a line on the terminal."""

import json
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from shelftag.artifacts import Place
from shelftag.progress import Progress

WRITE_EVERY_S = 0.5


class JobProgress:
    """Writes {state, rows_done, rows_total, errors}, and of the stage that runs {stage,
    stage_done, stage_total}; the state is `done` when the block ends well, and `failed` when it
    ends with an exception."""

    def __init__(self, file: Place, rows_total: int) -> None:
        self._file = file
        self._rows = {"rows_done": 0, "rows_total": rows_total, "errors": 0}
        self._stage = ""
        self._of_stage = {"stage_done": 0, "stage_total": 0}
        self._line: Progress | None = None
        self._written = 0.0

    def __enter__(self) -> Self:
        self._write("running")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind and sys.stderr.isatty():
            print(file=sys.stderr)  # the last line stays, the error comes under it
        with suppress(OSError):  # a full disk must not hide why
            self._write("failed" if kind else "done")

    def begin(self, stage: str, total: int, unit: str = "rows") -> None:
        """A stage of so much work begins."""
        self._stage, self._of_stage = stage, {"stage_done": 0, "stage_total": total}
        self._line = Progress(stage, total, unit)
        self._write("running")

    def add(self, count: int, rows: int = 0, errors: int = 0) -> None:
        """Count work of the stage as done; rows that are written, errors among them."""
        self._of_stage["stage_done"] += count
        self._rows["rows_done"] += rows
        self._rows["errors"] += errors
        if self._line:
            self._line.add(count)
        now = time.perf_counter()
        if now - self._written >= WRITE_EVERY_S:
            self._written = now
            self._write("running")

    def _write(self, state: str) -> None:
        told = {"state": state, **self._rows, "stage": self._stage, **self._of_stage}
        self._file.write((json.dumps(told, indent=2) + "\n").encode())

"""How training goes: a worker writes one small file, whoever looks on reads it.

The file outlives a killed worker, and needs no connection to it.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from shelftag.artifacts import read_json, write_json
from shelftag.errors import ArtifactError

WRITE_EVERY_S = 1.0
READ_EVERY_S = 0.5

SHOWN = {
    "loss": "loss {:.4g}",
    "learning_rate": "lr {:.2e}",
    "steps_per_s": "{:,.2f} steps/s",
    "tokens_per_s": "{:,.0f} tokens/s",
    "names_per_s": "{:,.0f} names/s",
    "memory_gb": "{:.1f} GB",
    "seconds_left": "{:,.0f} s left",
}
"""What a line says of what a file holds, in this order."""


class Pace:
    """Writes stage, step, figures and time left to a file, at most once a second.

    Rates are of the steps since the last line.
    """

    def __init__(self, file: Path, stage: str, first_step: int = 0) -> None:
        self._file = file
        self._stage = stage
        self._first_step = first_step
        self._last = (first_step, time.perf_counter())
        self._written = 0.0

    def __call__(
        self, step: int, steps: int, loss: float, more: Mapping[str, float] | None = None
    ) -> None:
        """`more`: further figures by name, such as `tokens_per_s`."""
        now = time.perf_counter()
        if now - self._written < WRITE_EVERY_S and step < steps:
            return
        self._written = now
        last_step, last = self._last
        rate = (step - last_step) / (now - last)
        self._last = (step, now)
        write_json(
            self._file,
            {
                "stage": self._stage,
                "first_step": self._first_step,
                "step": step,
                "steps": steps,
                "loss": round(loss, 4),
                **(more or {}),
                "steps_per_s": round(rate, 2),
                "seconds_left": round((steps - step) / rate) if rate else None,
            },
        )


@contextmanager
def followed(file: Path) -> Iterator[None]:
    """Print what is written to the file while the block runs."""
    done = Event()
    thread = Thread(target=_follow, args=(file, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _follow(file: Path, done: Event) -> None:
    last: dict[str, object] = {}
    while True:
        finished = done.wait(READ_EVERY_S)  # looked at before the last read, so no line is missed
        state = _state(file)
        if state and state != last:
            print(line(state), flush=True)
            last = state
        if finished:
            return


def _state(file: Path) -> dict[str, object]:
    try:
        return read_json(file)
    except ArtifactError:  # not written yet
        return {}


def line(state: Mapping[str, object]) -> str:
    """One line of what a progress file says."""
    since = f" (from step {state['first_step']})" if state["first_step"] else ""
    figures = [
        pattern.format(state[name])
        for name, pattern in SHOWN.items()
        if state.get(name) is not None
    ]
    return "  ".join(["", f"{state['stage']} {state['step']}/{state['steps']}{since}", *figures])

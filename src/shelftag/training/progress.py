"""How training goes: a worker writes one small file, whoever looks on reads it.

The file outlives a killed worker, and needs no connection to it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from shelftag.artifacts import read_json, write_json
from shelftag.errors import ArtifactError

WRITE_EVERY_S = 1.0
READ_EVERY_S = 0.5


class Pace:
    """Writes stage, step, loss, rate and time left to a file, at most once a second."""

    def __init__(self, file: Path, stage: str, first_step: int = 0) -> None:
        self._file = file
        self._stage = stage
        self._first_step = first_step
        self._started = time.perf_counter()
        self._written = 0.0

    def __call__(self, step: int, steps: int, loss: float) -> None:
        now = time.perf_counter()
        if now - self._written < WRITE_EVERY_S and step < steps:
            return
        self._written = now
        rate = (step - self._first_step) / (now - self._started)
        write_json(
            self._file,
            {
                "stage": self._stage,
                "first_step": self._first_step,
                "step": step,
                "steps": steps,
                "loss": round(loss, 4),
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
            print(_line(state), flush=True)
            last = state
        if finished:
            return


def _state(file: Path) -> dict[str, object]:
    try:
        return read_json(file)
    except ArtifactError:  # not written yet
        return {}


def _line(state: dict[str, object]) -> str:
    since = f" (from step {state['first_step']})" if state["first_step"] else ""
    return (
        f"  {state['stage']} {state['step']}/{state['steps']}{since}  loss {state['loss']}"
        f"  {state['steps_per_s']} steps/s  {state['seconds_left']} s left"
    )

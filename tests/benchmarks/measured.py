"""One command as a fresh process: its wall time, and the peak memory of all that it started.

Ray's daemons leave the process group and outlive their parents, and its workers write their names
over their environment. So processes are followed from their first sight on: one is of the run when
its parent is, or when its environment has the run's mark.

Memory is PSS (/proc/PID/smaps_rollup): a page that n processes share counts as 1/n in each, so
that Ray's object store and the libraries count once. Files that are only in the page cache do not
count. Reading it takes milliseconds and stops the process meanwhile, so a run is either timed or
has its memory watched, and a process whose resident size stands still is not read again.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from uuid import uuid4

from shelftag.errors import Failed

MARK = "SHELFTAG_BENCH_RUN"
SAMPLE_S = 0.1
LOOK_S = 0.2  # between looks for new processes, where memory is not watched
GONE_WITHIN_S = 30.0
PROC = Path("/proc")


@dataclass(frozen=True)
class Measured:
    """What one run took."""

    seconds: float
    """From spawn to exit."""
    peak_bytes: int
    """0 where it was not watched."""
    core_seconds: float = 0.0
    """Of all its processes, without the last moments of each: what other work on the machine
    changes least."""


@dataclass
class Processes:
    """The processes of one run, found as they come."""

    mark: bytes
    ours: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=lambda: _present())
    sizes: dict[int, tuple[bytes, int]] = field(default_factory=dict)
    ticks: dict[int, int] = field(default_factory=dict)
    """Process -> its resident pages when it was last read, and its PSS then."""

    def alive(self) -> list[int]:
        """Ids of those that run now."""
        present = _present()
        for pid in sorted(present - self.seen):
            if _state(pid)[1] in self.ours or self.mark in _read(pid, "environ"):
                self.ours.add(pid)
        self.seen |= present
        states = {pid: _state(pid) for pid in self.ours & present}
        self.ticks |= {pid: state[2] for pid, state in states.items() if state[2]}
        return [pid for pid, state in states.items() if state[0] != "Z"]

    @property
    def core_seconds(self) -> float:
        """What all of them took of the cores, as last seen."""
        return sum(self.ticks.values()) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Bytes of all of them together."""
        return sum(map(self._size, self.alive()))

    def _size(self, pid: int) -> int:
        resident = b"".join(_read(pid, "statm").split()[1:2])
        if pid not in self.sizes or self.sizes[pid][0] != resident:
            self.sizes[pid] = resident, _pss(pid)
        return self.sizes[pid][1]


def measure(command: Sequence[str], log: Path, *, memory: bool) -> Measured:
    """Run a command to its end, its output in `log`; returns when all it started is gone.

    Raises:
        Failed: it did not exit with 0, or left processes behind.
    """
    mark, done = uuid4().hex, Event()
    run = Processes(f"{MARK}={mark}".encode())
    with log.open("w") as output, ThreadPoolExecutor(1) as beside:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | {MARK: mark}
        )
        try:
            peak = beside.submit(_peak if memory else _look, run, done)
            code = process.wait()
            seconds = time.perf_counter() - started
        finally:
            done.set()
    if code:
        raise Failed(f"{' '.join(command)} exited with {code}", f"read {log}")
    _wait_until_gone(run)
    return Measured(seconds, peak.result(), run.core_seconds)


def _peak(run: Processes, done: Event) -> int:
    peak = 0
    while not done.is_set():
        peak = max(peak, run.memory())
        done.wait(SAMPLE_S)
    return peak


def _look(run: Processes, done: Event) -> int:
    while not done.is_set():
        run.alive()
        done.wait(LOOK_S)
    return 0


def _wait_until_gone(run: Processes) -> None:
    deadline = time.monotonic() + GONE_WITHIN_S
    while left := run.alive():
        if time.monotonic() > deadline:
            problem = f"processes {left} still run {GONE_WITHIN_S:.0f} s after their run has ended"
            raise Failed(problem, "stop them, and measure again")
        time.sleep(SAMPLE_S)


def _present() -> set[int]:
    return {int(entry.name) for entry in os.scandir(PROC) if entry.name.isdigit()}


def _state(pid: int) -> tuple[str, int, int]:
    """State letter, parent, and clock ticks on cores; Z for one that is gone."""
    # The name stands in brackets before them, and may itself have brackets and blanks.
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    if not fields:
        return "Z", 0, 0
    return fields[0].decode(), int(fields[1]), int(fields[11]) + int(fields[12])


def _pss(pid: int) -> int:
    """Bytes; 0 for a process that is gone."""
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(pid: int, name: str) -> bytes:
    """A file of /proc/PID; empty for a process that is gone, or another user's."""
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""

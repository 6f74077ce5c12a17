"""Batches of names through the endpoint and through the bare Tagger, in seconds of wall and core.

Core seconds are those of the processes that answer (Serve's proxies and replicas), not of the load
generator.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.model.runtime import set_up
from shelftag.tagging.tagger import Tagger
from tests.benchmarks.load import run_load

BATCH = 256
ANSWERING = ("ray::ServeReplica", "ray::ProxyActor", "ray::HAProxy", "haproxy")
TOGETHER = 2
"""Batches in flight: one is read and written while the other is scored."""


@dataclass(frozen=True)
class Batches:
    """One stretch."""

    batches: int
    wall_s: float
    core_s: float
    non_2xx: int = 0


def bare_tagger(run: Path, config: Config) -> Tagger:
    """The Tagger as a replica has it."""
    threads = config.scaling.threads_per_worker
    set_up(threads)
    return Tagger.load(Run(run), config.tagging, threads=threads)


def tag_bare(tagger: Tagger, texts: Sequence[str], seconds: float) -> Batches:
    """One batch after another, for so long."""
    started, core, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < seconds:
        start = done * BATCH % (len(texts) - BATCH)
        tagger.rank(texts[start : start + BATCH])
        done += 1
    return Batches(done, time.perf_counter() - started, time.process_time() - core)


def ask_batches(port: int, requests: Sequence[bytes], seconds: float) -> Batches:
    """The same over HTTP."""
    answering = _answering()
    before = _core_seconds(answering)
    load = run_load(port, requests, TOGETHER, seconds)
    core = _core_seconds(answering) - before
    return Batches(len(load.latencies_s), load.seconds, core, load.non_2xx)


def batch_summary(stretches: Sequence[Batches]) -> dict[str, Any]:
    """Medians over rounds."""
    return {
        "names_per_s": round(statistics.median(BATCH * s.batches / s.wall_s for s in stretches)),
        "core_ms_per_batch": round(
            statistics.median(1_000 * s.core_s / s.batches for s in stretches), 2
        ),
        "non_2xx": sum(s.non_2xx for s in stretches),
    }


def _answering() -> list[psutil.Process]:
    """Of the children of this process, which started Ray."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.cmdline()[0].rpartition("/")[2].startswith(ANSWERING):
                found.append(process)
        except (psutil.NoSuchProcess, IndexError):
            continue
    return found


def _core_seconds(answering: Sequence[psutil.Process]) -> float:
    """So far."""
    times = [process.cpu_times() for process in answering]
    return sum(each.user + each.system for each in times)

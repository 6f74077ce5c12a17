"""The engines that join the six tables, each as a command of its own."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree

from tests.benchmarks.measured import Measured, measure
from tests.benchmarks.quiet import settle

OURS, WARM = "shelftag", "shelftag, warm"
PEERS = ("duckdb", "polars", "pandas")


@dataclass(frozen=True)
class Engine:
    """One way to join the tables."""

    name: str
    command: tuple[str, ...]
    out: Path
    parquet: str
    """The files with the order lines: a glob below `out`."""

    @property
    def written(self) -> int:
        """Bytes of Parquet that stand there."""
        return sum(file.stat().st_size for file in self.out.glob(self.parquet))


def ours(tables: Path, out: Path) -> Engine:
    """`shelftag prepare`, Ray's start and end included."""
    verb = ("pipelines", "prepare", "--tables", str(tables), "--out", str(out))
    return Engine(OURS, (sys.executable, "-m", *verb), out, "order_lines/*.parquet")


def ours_warm(tables: Path, out: Path) -> Engine:
    """The same command in a Ray that runs already."""
    module = ("tests.benchmarks.warm", str(tables), str(out))
    return Engine(WARM, (sys.executable, "-m", *module), out, "order_lines/*.parquet")


def peer(name: str, tables: Path, out: Path) -> Engine:
    """One of PEERS."""
    file = "order_lines.parquet"
    module = (f"tests.benchmarks.peers.{name}_join", str(tables), str(out / file))
    return Engine(name, (sys.executable, "-m", *module), out, file)


def run_once(engine: Engine, tables: Path, *, memory: bool) -> Measured:
    """One fresh process, into an empty folder, on a quiet machine: timed, or its memory watched."""
    rmtree(engine.out, ignore_errors=True)
    engine.out.mkdir(parents=True)
    settle(tables)
    log = engine.out.with_suffix(".log")
    run = measure(engine.command, log, memory=memory)
    if engine.name == WARM:  # it says itself what the job took, since Ray's start does not count
        return replace(run, seconds=float(log.read_text(encoding="utf-8").split()[-1]))
    return run

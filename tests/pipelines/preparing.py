"""`shelftag prepare` as a process of its own, to be killed, and what it must leave in the end."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pyarrow.parquet as pq

from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset, fingerprint
from shelftag.tables.accounting import PieceCounts
from shelftag.tables.commits import COUNTS

LINES, PIECES = 1_500_000, 32
BAD_EVERY = 2_000
BAD = (b"1,2", b"x,1,1,1", b"999999999,1,1,1", b"1,999999999,1,1", b"1,1,0,1", b"1,\xff,1,1")
PATIENCE_S = 280


@dataclass(frozen=True)
class Running:
    """A process that leads a session: all that it starts, and what those start, stays in it."""

    process: subprocess.Popen[bytes]
    log: Path
    started: float

    @property
    def output(self) -> str:
        """What it has said."""
        return self.log.read_text(errors="replace")

    def elapsed_s(self) -> float:
        """Since it was started."""
        return time.monotonic() - self.started

    def members(self, *names: str) -> list[psutil.Process]:
        """Living processes of the session, those whose title or name begins so."""
        return [
            one
            for one in psutil.process_iter()
            if self._has(one) and is_called(one, names or ("",))
        ]

    def _has(self, one: psutil.Process) -> bool:
        try:
            return os.getsid(one.pid) == self.process.pid and one.status() != psutil.STATUS_ZOMBIE
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False

    def wait_until(self, happened: Callable[[], bool]) -> bool:
        """Whether it happened before the process ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            if self.process.poll() is not None:
                return False
            assert time.monotonic() < deadline, self.output
            time.sleep(0.002)
        return True

    def exit_code(self) -> int:
        """Wait for its end."""
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self.output}") from None

    def kill_all(self) -> None:
        """End the session, whoever of it is left."""
        while members := self.members():
            for one in members:
                one.kill()
            self.process.poll()
            time.sleep(0.05)
        self.process.wait(PATIENCE_S)


def is_called(one: psutil.Process, names: tuple[str, ...]) -> bool:
    """Whether a process that may be gone has one of some titles or names."""
    try:
        return " ".join(one.cmdline()).startswith(names) or one.name().startswith(names)
    except psutil.NoSuchProcess:
        return False


class Stage:
    """Where processes are started, all with files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Running] = []

    def start(self, *command: str) -> Running:
        """A Python process with a Ray folder of its own."""
        log = self.folder / f"{len(self.started)}.log"
        ray = self.folder / f"{len(self.started)}"  # short: it stands in the names of sockets
        ray.mkdir()
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "RAY_TMPDIR": str(ray)},
                start_new_session=True,
            )
        self.started.append(Running(process, log, time.monotonic()))
        return self.started[-1]

    def told_to_go(self, address: str, node: str, within_s: int) -> Running:
        """Ray's own notice of a preemption, as an autoscaler gives it, or a node at SIGTERM."""
        why = ("--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "spot")
        words = ("drain-node", "--address", address, "--node-id", node, *why)
        until = ("--deadline-remaining-seconds", str(within_s))
        return self.start("-m", "ray.scripts.scripts", *words, *until)

    def prepare(self, tables: Path, dataset: Dataset, *more: str) -> Running:
        """The command, in `PIECES` pieces or a few more."""
        order_lines = tables.glob("order_products__*")
        block_bytes = sum(file.stat().st_size for file in order_lines) // PIECES
        return self.start(
            *("-m", "pipelines", "prepare", "--tables", str(tables), "--out", str(dataset.path)),
            *(f"data.block_bytes={block_bytes}", "scaling.object_store_gb=0.2", *more),
        )


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that nobody and nothing is left of, whatever happens on it."""
    with TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        here = Stage(Path(folder))
        try:
            yield here
        finally:
            for one in here.started:
                one.kill_all()


def write_dirty_tables(folder: Path) -> Path:
    """Made tables, with a bad row here and there."""
    size = ["--lines", str(LINES), "--products", "5000"]
    assert shelftag(["synthesize", "--out", str(folder), *size]) == 0
    for name in ("order_products__prior", "order_products__train", "orders", "products"):
        file = folder / f"{name}.csv"
        lines = file.read_bytes().splitlines()
        for i, at in enumerate(range(1, len(lines), BAD_EVERY)):
            lines[at] = BAD[i % len(BAD)] if name.startswith("order_") else b"no row"
        file.write_bytes(b"\n".join(lines) + b"\n")
    return folder


def pieces_done(dataset: Dataset) -> int:
    """Commits that a half-made Dataset has."""
    return len(list(dataset.commits_dir.glob("[!.]*")))


def done_parts(dataset: Dataset) -> set[str]:
    """Files of the pieces that are done, as the commits name them."""
    found = [
        PieceCounts.model_validate_json(pq.read_schema(file).metadata[COUNTS])
        for file in dataset.commits_dir.glob("[!.]*")
    ]
    return {part for counts in found for part in (*counts.parts, *counts.rejects_parts)}


def part_files(dataset: Dataset) -> set[str]:
    """Names of all parts that stand there."""
    folders = (dataset.order_lines_dir, dataset.rejects_dir)
    return {file.name for folder in folders for file in folder.iterdir()}


def contents(dataset: Dataset) -> dict[str, Any]:
    """What a complete Dataset holds, but for names of parts and the order of rejects."""
    manifest = dataset.manifest()
    lines = [file.name for file in dataset.order_lines_dir.iterdir()]
    assert sorted(lines) == sorted(manifest.parts), "a part is missing, or is nobody's"
    return {
        "manifest": manifest.model_dump(exclude={"parts", "config"}),
        "config": {name: manifest.config[name] for name in ("catalog", "data")},
        "products": dataset.products_file.read_bytes(),
        "order lines": sorted(fingerprint(dataset.order_lines_dir / name) for name in lines),
        "rejects": sorted(map(str, pq.read_table(dataset.rejects_dir).to_pylist())),
        "files of rejects": len(list(dataset.rejects_dir.iterdir())),
    }


def strays(dataset: Dataset) -> set[str]:
    """What a complete Dataset has no need of."""
    needed = {"manifest.json", *dataset.contents} - {"commits", "job.json"}
    return {file.name for file in dataset.path.iterdir()} - needed

"""What `shelftag plan` says beside what jobs take: `make bench-plan`.

prepare, train and tag at 1, 3 and 10 times a size, on the cores of this machine, files on its own
disk. Each is predicted twice: with the plan's constants as they stand, and with the seconds of
start and of a unit of work taken from a tiny job and the one of 1x, as anybody can do elsewhere.

    python -m tests.benchmarks.bench_plan --lines 300000 --names 20000 --epochs 0.02
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from rich import box
from rich.console import Console
from rich.table import Table

from shelftag.config import Config
from shelftag.sizing.plan import fixed_seconds, prepare, tag, train
from shelftag.sizing.plan_parts import Machines, Stage, Work
from shelftag.sizing.rented import RENTED
from shelftag.sizing.shapes import shape_of
from tests.benchmarks.measured import Measured, measure
from tests.benchmarks.plan_figures import Compared, error, figures, predicted, predicted_cores
from tests.benchmarks.quiet import WORK, made_tables, say, settle
from tests.benchmarks.results import machine
from tests.benchmarks.trained_run import trained

FACTORS = (1, 3, 10)
TINY = 100
"""The first job is so many times smaller than 1x: it takes what does not grow."""
PRODUCTS = 49_688
CORES = 2


@dataclass(frozen=True)
class Job:
    """A verb that is measured."""

    name: str
    unit: str
    size: float
    """Of 1x."""
    run: Callable[[float, Path], Measured]
    """One with such a size, with its output in a folder that is not there yet."""
    stage: Callable[[float], Stage]
    """What the plan says of it."""


def main() -> None:
    """Run all jobs; print the table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--lines", type=int, default=3_000_000)
    options.add_argument("--names", type=int, default=200_000)
    options.add_argument("--epochs", type=float, default=0.1)
    options.add_argument("--run", type=Path, help="a Run to tag with (one is trained)")
    options.add_argument("--jobs", nargs="+", default=["prepare", "train", "tag"])
    chosen = options.parse_args()
    jobs = [job for job in _jobs(chosen) if job.name in chosen.jobs]
    found = {job.name: _measured(job, chosen.work / "plan") for job in jobs}
    _print(jobs, found)
    print(json.dumps(figures(found) | {"machine": machine()}))


def _jobs(chosen: argparse.Namespace) -> list[Job]:
    work: Path = chosen.work
    base = made_tables(work, chosen.lines)
    dataset = work / "plan-dataset"
    if not (dataset / "manifest.json").is_file():
        _shelftag(work, "prepare", "--tables", str(base), "--out", str(dataset))

    def prepared(lines: float, out: Path) -> Measured:
        tables = made_tables(work, round(lines))
        return _timed(tables, "prepare", "--tables", str(tables), "--out", str(out))

    def learned(epochs: float, out: Path) -> Measured:
        words = ("--dataset", str(dataset), "--out", str(out), f"train.epochs={epochs}")
        return _timed(dataset, "train", *words)

    def tagged(names: float, out: Path) -> Measured:
        run = chosen.run or trained(work / "tagger")[0]
        catalog = _made_names(work, round(names))
        words = ("--run", str(run), "--input", str(catalog / "products.csv"), "--out", str(out))
        return _timed(catalog, "tag", *words)

    return [
        Job("prepare", "lines", chosen.lines, prepared, _prepare_stage),
        Job("train", "epochs", chosen.epochs, learned, _train_stage),
        Job("tag", "names", chosen.names, tagged, _tag_stage),
    ]


def _machines() -> Machines:
    return Machines(RENTED["cpu"], CORES, 0.0, store=False)


def _prepare_stage(lines: float) -> Stage:
    return prepare(Work(1, 1, round(lines), PRODUCTS), Config(), _machines())


def _train_stage(epochs: float) -> Stage:
    config = Config()
    config = config.model_copy(update={"train": config.train.model_copy(update={"epochs": epochs})})
    return train(Work(1, 1, 1, PRODUCTS), shape_of(config.model), config, _machines())


def _tag_stage(names: float) -> Stage:
    work = Work(round(names), round(names), 1, PRODUCTS)
    return tag(work, shape_of(Config().model), Config(), _machines())


def _made_names(work: Path, names: int) -> Path:
    """Tables with a catalog of so many made products, hardly any name twice."""
    tables = work / f"names-{names}"
    if not (tables / "manifest.json").is_file():
        words = ("--out", str(tables), "--products", str(names), "--lines", "1000")
        _shelftag(work, "synthesize", *words)
    return tables


def _measured(job: Job, work: Path) -> list[Compared]:
    """The tiny job, then 1x, 3x and 10x."""
    found = []
    for factor in (1 / TINY, *FACTORS):
        size, out = job.size * factor, work / f"{job.name}-out"
        rmtree(out, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        run, stage = job.run(size, out), job.stage(size)
        times = run.seconds, run.core_seconds
        found.append(Compared(size, *times, stage.seconds, fixed_seconds(stage)))
        say(f"{job.name}, {size:g} {job.unit}: {run.seconds:.1f} s, {run.core_seconds:.1f} core-s")
        rmtree(out)
    return found


def _timed(read: Path, *words: str) -> Measured:
    settle(read)
    return _shelftag(read.parent, *words)


def _shelftag(work: Path, *words: str) -> Measured:
    """A fresh process, and all that it starts."""
    command = (sys.executable, "-m", "pipelines", *words)
    return measure(command, work / f"{words[0]}.log", memory=False)


def _print(jobs: list[Job], found: dict[str, list[Compared]]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("job", "size", "seconds", "plan", "low to high", "error", "from 1x", "error"):
        table.add_column(name, justify="left" if name == "job" else "right")
    for name in ("core-seconds", "from 1x", "error"):
        table.add_column(name, justify="right")
    for job in jobs:
        runs = found[job.name]
        for each in zip(runs, predicted(runs), predicted_cores(runs), strict=True):
            table.add_row(job.name, *_row(*each, job.unit))
    console = Console(highlight=False, width=130)
    console.print(table)
    console.print(machine(), soft_wrap=True)


def _row(run: Compared, seconds: float, core_seconds: float, unit: str) -> Iterator[str]:
    yield f"{run.size:,.6g} {unit}"
    yield f"{run.seconds:.1f}"
    yield f"{run.plan.likely:.1f}"
    yield f"{run.plan.low:.0f} to {run.plan.high:.0f}"
    yield f"{error(run.plan.likely, run.seconds):+.0f}%"
    yield f"{seconds:.1f}"
    yield f"{error(seconds, run.seconds):+.0f}%"
    yield f"{run.core_seconds:.1f}"
    yield f"{core_seconds:.1f}"
    yield f"{error(core_seconds, run.core_seconds):+.0f}%"


if __name__ == "__main__":
    main()

"""`shelftag prepare` on 1, 3 and 10 times the lines: `make bench-data-growth`.

Seconds should grow as the lines do, and memory should not grow. The tables stay in the work
folder and are used again.

    python -m tests.benchmarks.bench_data_growth --lines 1000000
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shutil import disk_usage, rmtree

from rich import box
from rich.console import Console
from rich.table import Table

from shelftag.config.synthesis import FULL_LINES
from tests.benchmarks.engines import ours, run_once
from tests.benchmarks.measured import Measured
from tests.benchmarks.quiet import WORK, made_tables, say
from tests.benchmarks.results import machine

FACTORS = (1, 3, 10)
BYTES_PER_LINE = 45
"""Free disk asked for: 21 bytes of CSV, 9 of the Dataset, and half as much again."""


def main() -> None:
    """Run each size twice, watched and timed; print the table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--lines", type=int, default=FULL_LINES, help="lines of the first size")
    chosen = options.parse_args()
    sizes = [factor * chosen.lines for factor in FACTORS]
    runs = {lines: _run(chosen.work, lines) for lines in sizes if _fits(chosen.work, lines)}
    _print_table(runs)
    print(json.dumps(_figures(runs, skipped=[lines for lines in sizes if lines not in runs])))


def _fits(work: Path, lines: int) -> bool:
    """Is there room for the tables and the Dataset? Says so when there is not."""
    work.mkdir(parents=True, exist_ok=True)
    free, needed = disk_usage(work).free, lines * BYTES_PER_LINE
    if free < needed:
        say(f"{lines:,} lines left out: {work} has {free / 1e9:.0f} GB, {needed / 1e9:.0f} needed")
    return free >= needed


def _run(work: Path, lines: int) -> Measured:
    tables = made_tables(work, lines)
    engine = ours(tables, work / "growth")
    watched = run_once(engine, tables, memory=True)
    run = replace(run_once(engine, tables, memory=False), peak_bytes=watched.peak_bytes)
    say(f"{lines:,} lines: {run.seconds:.1f} s, {run.peak_bytes / 1e9:.2f} GB")
    rmtree(engine.out)
    return run


def _print_table(runs: Mapping[int, Measured]) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("lines", "seconds", "seconds / million", "peak GB"):
        table.add_column(name, justify="right")
    for lines, run in runs.items():
        per_million = f"{run.seconds / lines * 1e6:.3f}"
        table.add_row(
            f"{lines:,}", f"{run.seconds:.1f}", per_million, f"{run.peak_bytes / 1e9:.2f}"
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(machine(), soft_wrap=True)


def _figures(runs: Mapping[int, Measured], skipped: list[int]) -> dict[str, object]:
    """Sizes as in the table, in lines, seconds and decimal GB."""
    return {
        "lines": list(runs),
        "seconds": [round(run.seconds, 2) for run in runs.values()],
        "seconds_per_million": [round(run.seconds / lines * 1e6, 3) for lines, run in runs.items()],
        "peak_gb": [round(run.peak_bytes / 1e9, 2) for run in runs.values()],
        "skipped": skipped,
        "machine": machine(),
    }


if __name__ == "__main__":
    main()

"""What the data benchmark measured: the figures, the table, and where it ran."""

import os
import platform
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from tests.benchmarks.engines import OURS, WARM
from tests.benchmarks.measured import Measured

DUCKDB = "duckdb"
LIBRARIES = ("ray", "pyarrow", "duckdb", "polars", "pandas")


@dataclass(frozen=True)
class Result:
    """All runs of one engine."""

    watched: Measured
    """The run whose memory was watched."""
    runs: tuple[Measured, ...]
    """Those that were timed."""
    written: int
    """Bytes of Parquet."""

    @property
    def seconds(self) -> float:
        return statistics.median(run.seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        return self.watched.peak_bytes


def wall_ratio(result: Result, base: Result) -> float:
    """Median over rounds of the ratio in a round: neighbours slow both of a round alike."""
    pairs = zip(result.runs, base.runs, strict=True)
    return statistics.median(one.seconds / other.seconds for one, other in pairs)


def figures(results: Mapping[str, Result], differing: Mapping[str, list[str]]) -> dict[str, Any]:
    """All that is reported; the top-level figures are ours. GB and MB are decimal."""
    ours, duckdb = results[OURS], results[DUCKDB]
    return {
        "wall_ratio_duckdb": round(wall_ratio(ours, duckdb), 3),
        "wall_ratio_duckdb_warm": round(wall_ratio(results[WARM], duckdb), 3),
        "bytes_ratio_duckdb": round(ours.written / duckdb.written, 3),
        "peak_gb": round(ours.peak_bytes / 1e9, 2),
        "tables_equal": not differing,
        "engines": {
            name: {
                "seconds": [round(run.seconds, 2) for run in result.runs],
                "peak_gb": round(result.peak_bytes / 1e9, 2),
                "written_mb": round(result.written / 1e6, 1),
            }
            for name, result in results.items()
        },
        "machine": machine(),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def print_results(results: Mapping[str, Result]) -> None:
    """One row for each engine, on the terminal."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("engine")
    for name in ("seconds", "of each round", "peak GB", "MB written", "/ DuckDB"):
        table.add_column(name, justify="right")
    for name, result in results.items():
        table.add_row(
            name,
            f"{result.seconds:.1f}",
            " ".join(f"{run.seconds:.1f}" for run in result.runs),
            f"{result.peak_bytes / 1e9:.2f}",
            f"{result.written / 1e6:.0f}",
            f"{wall_ratio(result, results[DUCKDB]):.2f}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print("; ".join(f"{name} {version(name)}" for name in LIBRARIES), soft_wrap=True)
    console.print(f"{machine()}; two threads each, shelftag all cores", soft_wrap=True)


def machine() -> str:
    """Processor, cores, memory, system."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = psutil.virtual_memory().total / 1e9
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"

"""The figures of bench-serve: a table, and the JSON line."""

import json
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.benchmarks.load import Load
from tests.benchmarks.results import machine

PIPELINE = "FastAPI + pipeline"
LIBRARIES = ("ray", "torch", "transformers", "fastapi", "uvicorn")


def summary(loads: Sequence[Load]) -> dict[str, Any]:
    """Medians over rounds."""
    return {
        "rps": round(statistics.median(load.rps for load in loads), 1),
        "p50_ms": round(statistics.median(load.latency_ms(50) for load in loads), 1),
        "p99_ms": round(statistics.median(load.latency_ms(99) for load in loads), 1),
        "non_2xx": sum(load.non_2xx for load in loads),
    }


def report(found: Mapping[str, Mapping[str, Any]]) -> None:
    """Tables for each ingress, and one JSON line: its top level is Ray's own proxy."""
    console = Console(highlight=False)
    for ingress, result in found.items():
        _print(console, f"{ingress}: one name a request, 32 connections", result["singles"])
        _print(console, f"{ingress}: 256 names a request", result["batches"])
    console.print("; ".join(f"{name} {version(name)}" for name in LIBRARIES), soft_wrap=True)
    console.print(machine(), soft_wrap=True)
    by_ingress = {ingress: ratios(result) for ingress, result in found.items()}
    print(json.dumps({**by_ingress["python"], "ingresses": by_ingress, "found": found}))


def ratios(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is claimed, from what was measured on one ingress."""
    singles, batches = result["singles"], result["batches"]
    ours, no_op = singles["shelftag"], singles["no-op"]
    bare = batches["bare Tagger"]
    return {
        "rps": ours["rps"],
        "rps_ratio_noop": round(ours["rps"] / no_op["rps"], 3),
        "p99_ratio_noop": round(ours["p99_ms"] / no_op["p99_ms"], 2),
        "rps_cached": singles["shelftag, cached names"]["rps"],
        "batch_overhead_ms": round(
            batches["shelftag"]["core_ms_per_batch"] - bare["core_ms_per_batch"], 2
        ),
        "batch_ratio_tagger": round(batches["shelftag"]["names_per_s"] / bare["names_per_s"], 3),
        "ratio_fastapi_pipeline": round(ours["rps"] / singles[PIPELINE]["rps"], 2),
        "tagger_names_per_s": bare["names_per_s"],
        "non_2xx": sum(
            row["non_2xx"] for row in (*singles.values(), *batches.values()) if "non_2xx" in row
        ),
    }


def _print(console: Console, title: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    columns = list(next(iter(rows.values())))
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[column]:,}" for column in columns))
    console.print(table)

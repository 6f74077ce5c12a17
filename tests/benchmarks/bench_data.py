"""`shelftag prepare` against DuckDB, Polars and pandas: `make bench-data`.

The same six made tables and the same join, one engine after the other, in rounds: the first
watches memory, the others are timed. Every run is a fresh process; "warm" is ours in a Ray that
runs already. The tables stay in the work folder and are used again.

    python -m tests.benchmarks.bench_data --lines 1000000 --rounds 1 --only duckdb
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from shelftag.config.synthesis import FULL_LINES
from tests.benchmarks.checksum import checksums, differences
from tests.benchmarks.engines import OURS, PEERS, Engine, ours, ours_warm, peer, run_once
from tests.benchmarks.measured import Measured
from tests.benchmarks.quiet import WORK, made_tables, say
from tests.benchmarks.results import DUCKDB, Result, figures, print_results


def main() -> int:
    """Run the rounds, compare the tables, print the table and one JSON line."""
    chosen = _options()
    tables = made_tables(chosen.work, chosen.lines)
    engines = _engines(tables, chosen.work, chosen.only)
    rounds = [_round(number, engines, tables) for number in range(chosen.rounds + 1)]
    results = {
        engine.name: Result(runs[0], runs[1:], engine.written)
        for engine, runs in zip(engines, zip(*rounds, strict=True), strict=True)
    }
    differing = _compare(engines)
    print_results(results)
    print(json.dumps({"lines": chosen.lines, **figures(results, differing)}))
    return 1 if differing else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--lines", type=int, default=FULL_LINES)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument(
        "--only", nargs="+", choices=PEERS, default=PEERS, help="peers to run; DuckDB always is"
    )
    return options.parse_args()


def _engines(tables: Path, work: Path, only: Sequence[str]) -> list[Engine]:
    peers = [name for name in PEERS if name in (DUCKDB, *only)]
    return [
        ours(tables, work / "ours"),
        ours_warm(tables, work / "ours-warm"),
        *(peer(name, tables, work / name) for name in peers),
    ]


def _round(number: int, engines: Sequence[Engine], tables: Path) -> list[Measured]:
    """Round 0 watches the memory, which slows Ray's many processes; the others are timed."""
    runs = []
    for engine in engines:
        run = run_once(engine, tables, memory=number == 0)
        measured = f"{run.seconds:.1f} s" if number else f"{run.peak_bytes / 1e9:.2f} GB at most"
        say(f"round {number}: {engine.name}: {measured}")
        runs.append(run)
    return runs


def _compare(engines: Sequence[Engine]) -> dict[str, list[str]]:
    """Engine -> what its table does not share with ours; empty when all are equal."""
    sums = {}
    for engine in engines:
        say(f"checksums: {engine.name}")
        sums[engine.name] = checksums(str(engine.out / engine.parquet))
    differing = differences(sums)
    for name, columns in differing.items():
        say(f"{name} differs from {OURS} in: {', '.join(columns)}")
    return differing


if __name__ == "__main__":
    sys.exit(main())

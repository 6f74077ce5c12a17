"""`shelftag tag` beside DuckDB's rewriting, and beside the bare Tagger: `make bench-tag`.

All order lines of a full-size Dataset, tagged and rewritten by each in turn, Ray's start counted;
and made catalogs in which hardly a name comes twice, beside a Tagger that does nothing else. Each
job is a process of its own. Memory is watched in runs that are not compared, but for the largest
catalog, whose one run is watched too: its names a second are a little low for that.

    python -m tests.benchmarks.bench_tag --run RUN --lines 3000000 --names 500000 --rounds 1
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from shutil import rmtree
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from shelftag.config.synthesis import FULL_LINES
from tests.benchmarks.measured import Measured, measure
from tests.benchmarks.quiet import WORK, made_tables, say, settle
from tests.benchmarks.results import machine
from tests.benchmarks.trained_run import trained

SHARE = 5
"""The smaller catalog is so many times smaller: memory that is flat is the same for both."""
BARE_NAMES = 200_000
REWRITE = """
import sys, duckdb
read, write = sys.argv[1:]
duckdb.sql(f"COPY (SELECT * FROM read_parquet('{read}')) TO '{write}' (FORMAT parquet)")
"""
BARE = """
import json, sys, time
from pathlib import Path
import pyarrow.csv as pcsv
from shelftag.artifacts import Run
from shelftag.config.tagging import TaggingConfig
from shelftag.model.runtime import set_up
from shelftag.tagging.tagger import Tagger
from shelftag.tagging.texts import texts_of
run, catalog, most, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
set_up(threads)
tagger = Tagger.load(Run(run), TaggingConfig(cache_size=0), threads=threads)
texts = texts_of(pcsv.read_csv(catalog)["product_name"].slice(0, most)).texts.to_pylist()
tagger.rank(texts[:8192])
began = time.perf_counter()
for start in range(0, len(texts), 8192):
    tagger.rank(texts[start:start + 8192])
print(len(texts) / (time.perf_counter() - began))
"""


def main() -> None:
    """Measure, print the table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--lines", type=int, default=FULL_LINES)
    options.add_argument("--names", type=int, default=5_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--run", type=Path, help="a Run to tag with (one is trained)")
    options.add_argument("--dataset", type=Path, help="a Dataset whose order lines are tagged")
    chosen = options.parse_args()
    run = chosen.run or trained(chosen.work / "tagger")[0]
    found = {
        **lines_figures(run, chosen.dataset or _dataset(chosen.work, chosen.lines), chosen),
        **names_figures(run, chosen),
    }
    _print(found)
    print(json.dumps(found | {"machine": machine()}))


def lines_figures(run: Path, dataset: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Of the order lines: seconds of each, in rounds; the first watches the memory."""
    lines, out = dataset / "order_lines", chosen.work / "tag-out"
    words = ("--input", str(lines), "--prefix", "shelftag_")
    watched = _tag(run, out, *words, memory=True)
    ours, theirs = [], []
    for number in range(1, chosen.rounds + 1):
        theirs.append(_rewrite(lines, chosen.work).seconds)
        ours.append(_tag(run, out, *words).seconds)
        say(f"round {number}: DuckDB {theirs[-1]:.1f} s, tag {ours[-1]:.1f} s")
    summary = json.loads((out / "summary.json").read_bytes())
    return {
        "rows": summary["rows"],
        "row_names": summary["unique_names"],
        "tag_s": round(statistics.median(ours), 2),
        "duckdb_s": round(statistics.median(theirs), 2),
        "wall_ratio_duckdb": round(statistics.median(ours) / statistics.median(theirs), 3),
        "peak_gb_rows": round(watched.peak_bytes / 1e9, 2),
    }


def names_figures(run: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Of the catalogs of distinct names; the bare Tagger is asked before and after."""
    large = _catalog(chosen.work, chosen.names)
    small = _catalog(chosen.work, chosen.names // SHARE)
    out = chosen.work / "tag-out"
    few = _tag(run, out, "--input", str(small), memory=True)
    before = _bare(run, large)
    many = _tag(run, out, "--input", str(large), memory=True)
    bare = statistics.mean([before, _bare(run, large)])
    summary = json.loads((out / "summary.json").read_bytes())
    names_per_s = summary["unique_names"] / many.seconds
    return {
        "names": summary["unique_names"],
        "names_s": round(many.seconds, 1),
        "names_per_s": round(names_per_s),
        "tagger_names_per_s": round(bare),
        "names_ratio_tagger": round(names_per_s / bare, 3),
        "peak_gb": round(many.peak_bytes / 1e9, 2),
        "peak_gb_fifth": round(few.peak_bytes / 1e9, 2),
    }


def _tag(run: Path, out: Path, *words: str, memory: bool = False) -> Measured:
    rmtree(out, ignore_errors=True)
    os.sync()
    command = (sys.executable, "-m", "pipelines", "tag", "--run", str(run), "--out", str(out))
    return measure([*command, *words], out.with_suffix(".log"), memory=memory)


def _rewrite(lines: Path, work: Path) -> Measured:
    target = work / "rewritten.parquet"
    target.unlink(missing_ok=True)
    settle(work)
    command = [sys.executable, "-c", REWRITE, f"{lines}/*.parquet", str(target)]
    return measure(command, work / "rewritten.log", memory=False)


def _bare(run: Path, catalog: Path) -> float:
    log = catalog.with_suffix(".log")
    words = (str(run), str(catalog), str(BARE_NAMES), "2")
    measure([sys.executable, "-c", BARE, *words], log, memory=False)
    found = float(log.read_text().split()[-1])
    say(f"the bare Tagger: {found:,.0f} names/s")
    return found


def _dataset(work: Path, lines: int) -> Path:
    dataset = work / f"dataset-{lines}"
    if not (dataset / "manifest.json").is_file():
        words = ("prepare", "--tables", str(made_tables(work, lines)), "--out", str(dataset))
        measure([sys.executable, "-m", "pipelines", *words], work / "prepare.log", memory=False)
    return dataset


def _catalog(work: Path, names: int) -> Path:
    """A CSV of so many made products."""
    tables = work / f"names-{names}"
    if not (tables / "manifest.json").is_file():
        words = ("synthesize", "--out", str(tables), "--lines", "1000", "--products", str(names))
        measure([sys.executable, "-m", "pipelines", *words], work / "names.log", memory=False)
    return tables / "products.csv"


def _print(found: dict[str, Any]) -> None:
    table = Table("figure", "value", box=box.SIMPLE_HEAD)
    table.columns[1].justify = "right"
    for name, value in found.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)


if __name__ == "__main__":
    main()

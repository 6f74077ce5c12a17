"""A Run to measure with: over a real catalog (SHELFTAG_REAL_CATALOG), else a made one."""

import csv
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench_nano import prepare


def trained(work: Path) -> tuple[Path, Path]:
    """A Run as `train` makes it by default, and its catalog; made where they are not yet."""
    run, tables = work / "run", work / "tables"
    if not (run / "manifest.json").is_file():
        prepare(work, "default")
        words = ("train", "--dataset", str(work / "default"), "--out", str(run))
        subprocess.run([sys.executable, "-m", "pipelines", *words], check=True, stdout=sys.stderr)
    return run, tables / "products.csv"


def read_names(catalog: Path) -> list[str]:
    """The product names of a CSV."""
    with catalog.open(encoding="utf-8", newline="") as lines:
        return [row["product_name"] for row in csv.DictReader(lines)]

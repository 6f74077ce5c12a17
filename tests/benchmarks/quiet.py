"""The same start for every run: made tables in the page cache, and a machine that is quiet."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

import psutil

WORK = Path(gettempdir()) / "shelftag-bench-data"
BUSY_PERCENT = 20.0
PATIENCE_S = 30


def say(text: str) -> None:
    """Progress goes to stderr, results to stdout."""
    print(text, file=sys.stderr, flush=True)


def made_tables(work: Path, lines: int) -> Path:
    """The folder of six made tables of that size; made where they are not yet."""
    tables = work / f"tables-{lines}"
    if not (tables / "manifest.json").is_file():
        command = ("synthesize", "--out", str(tables), "--lines", str(lines))
        subprocess.run([sys.executable, "-m", "pipelines", *command], check=True, stdout=sys.stderr)
    return tables


def settle(tables: Path) -> None:
    """Read the tables, let the last run's writes reach the disk, and wait for idle cores."""
    for file in tables.glob("*.csv"):
        with file.open("rb", buffering=0) as opened:
            while opened.read(2**24):
                pass
    os.sync()
    for _ in range(PATIENCE_S):
        busy = psutil.cpu_percent(interval=1)
        if busy < BUSY_PERCENT:
            return
    say(f"other processes keep the machine busy ({busy:.0f}%): the next figure is too high")

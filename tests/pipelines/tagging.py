"""`shelftag tag` as a process of its own, to be killed, and what it must leave in the end."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import Run, Tags
from tests import tiny
from tests.pipelines.preparing import Running, Stage

ROWS, FILES, BAD_EVERY = 24_000, 3, 500
STAGES = ("names", "scores", "rows")
SETTINGS = (
    *("tagging.rows_per_block=1000", "tagging.names_per_block=800"),
    *("scaling.threads_per_worker=1", "scaling.object_store_gb=0.2"),
)


def write_catalog(folder: Path) -> Path:
    """CSV files in which names repeat within and over files, ids repeat, and some rows are bad."""
    folder.mkdir(parents=True)
    nouns = [noun for group in tiny.NOUNS.values() for noun in group]
    for file in range(FILES):
        with (folder / f"{file}.csv").open("w", newline="") as sink:
            rows = csv.writer(sink)
            rows.writerow(["id", "product_name"])
            for row in range(ROWS // FILES):
                name = f"{tiny.ADJECTIVES[row % 7]} {nouns[row % 19]} {(row * (file + 1)) % 700}"
                bad = row % BAD_EVERY == 7
                rows.writerow(
                    [row % 50] if bad else [row % 50, "" if row % BAD_EVERY == 9 else name]
                )
    return folder


def start(here: Stage, run: Run, catalog: Path, out: Tags, *more: str) -> Running:
    """The command, in `ROWS / 1000` pieces."""
    words = ("--run", str(run.path), "--input", str(catalog), "--out", str(out.place))
    return here.start("-m", "pipelines", "tag", *words, *SETTINGS, *more)


def commits(out: Tags, stage: str) -> int:
    """Pieces of a stage that are done, in a half-made output."""
    folder = Path(out.place.path) / "work" / "commits"
    return len(list(folder.glob(f"{stage}-*.json")))


def parts_done(out: Tags) -> set[str]:
    """Files of the pieces that are done, as the commits of rows and scores name them."""
    found: set[str] = set()
    for stage in ("scores", "rows"):
        for file in (Path(out.place.path) / "work" / "commits").glob(f"{stage}-*.json"):
            found |= set(json.loads(file.read_bytes())["files"])
    return {name for name in found if not name.startswith("work/")}


def part_files(out: Tags) -> set[str]:
    """All parts that stand there."""
    top = Path(out.place.path)
    return {
        str(file.relative_to(top))
        for folder in ("tags", "errors", "names")
        for file in (top / folder).rglob("*")
        if file.is_file()
    }


def contents(out: Tags) -> dict[str, Any]:
    """What a complete output holds, but for the names of parts and the time it took."""
    top, manifest = Path(out.place.path), out.manifest()
    parts = [top / "tags" / part for part in manifest.parts]
    named = {f"tags/{part}" for part in manifest.parts} | {one.part for one in manifest.names}
    errors = sorted((top / "errors").iterdir())
    assert part_files(out) == named | {f"errors/{file.name}" for file in errors}, "strays"
    summary = json.loads((top / "summary.json").read_bytes())
    return {
        "manifest": manifest.model_dump(exclude={"parts", "names", "config"}),
        "tags": pa.concat_tables(map(pq.read_table, parts)).to_pylist(),
        "errors": [row for file in errors for row in pq.read_table(file).to_pylist()],
        "names": [
            row for one in manifest.names for row in pq.read_table(top / one.part).to_pylist()
        ],
        "review": (top / "review.csv").read_bytes(),
        "summary": {
            name: one
            for name, one in summary.items()
            if name not in ("seconds", "names_per_s", "rows_per_s")
        },
    }

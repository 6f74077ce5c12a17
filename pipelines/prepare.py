"""Six tables -> Dataset, on Ray Data. (Catalogs of shops: see `prepare_catalogs`.)

    products, aisles, departments --catalog--+--> departments, split
    orders --sorted by id--------------------+
                                             | once, in the object store
                                             v
    order_products --byte ranges--> [read -> parse -> join -> drop -> write] --> order_lines/*
                                         |        |                              rejects/*
                                         '--------'--> rejects
                                             |
                                             '--counts, purchases--> products.parquet, manifest

The bracket is one task for each range. A task that is done leaves a commit: its counts, and the
names of the parts it wrote. A task that dies is run again and writes under other names; a job that
dies goes on from its commits when the same command is given again. The manifest, last, names the
parts of the committed tasks.
"""

import importlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import shelftag
from cluster.local import ray_session
from cluster.storage import check_node, check_nodes, local
from shelftag.artifacts import MARKER, Dataset, DatasetManifest, write_json
from shelftag.config import Config
from shelftag.errors import Failed, InputError
from shelftag.progress import Progress
from shelftag.tables.accounting import Tally
from shelftag.tables.commits import is_done, read_commit
from shelftag.tables.merge import Job, merge_piece
from shelftag.tables.overrides import check_overrides
from shelftag.tables.ranges import Piece, pieces
from shelftag.tables.schemas import ORDER_TABLES
from shelftag.tables.small import SmallTables, count_small, read_small
from shelftag.tables.sources import Source, check_sources, fingerprints, stored_files

SWITCH_S = 0.0005
"""Between threads: while tables are read, Ray's start waits for its turn at each of its many small
steps; with Python's 0.005 s it took up to a second longer."""


def main(*, tables: str, out: Path, overwrite: bool, config: Config) -> None:
    """Make a Dataset and print what became of every row."""
    from shelftag.tables.summary import print_summary

    started = time.perf_counter()
    dataset = Dataset(out)
    manifest = prepare(tables, dataset, config, overwrite=overwrite)
    print_summary(dataset, manifest, time.perf_counter() - started)


def prepare(
    tables: str | Path, dataset: Dataset, config: Config, *, overwrite: bool = False
) -> DatasetManifest:
    """Join, split, count, publish.

    Raises:
        Refused: a table or the folder cannot be used; nothing was written.
        TooManyRejects: more bad rows than `data.max_rejects`; their files are left to look at.
        AccountingError: rows were lost.
        Failed: a task failed, or a node does not see the tables or the folder.
    """
    # The workers do without the report's libraries.
    from pipelines.prepare_catalogs import prepare_catalogs
    from shelftag.tables.publish import publish

    if config.data.source == "catalog":
        return prepare_catalogs(tables, dataset, config, overwrite=overwrite)
    sources = check_sources(tables) | check_overrides(config.data.overrides)
    dataset.check_free(overwrite=overwrite)
    _check_apart(tables, dataset)
    sys.setswitchinterval(SWITCH_S)
    with _written_to(dataset), ThreadPoolExecutor(1) as beside:
        # The small tables are read while Ray starts, the Dataset is published while Ray stops.
        reading = beside.submit(read_small, sources, config)
        beside.submit(importlib.import_module, "pandas")  # half of what importing ray.data takes
        with ray_session(config.scaling):
            if config.scaling.address is None:
                _start_workers()
            small = reading.result()
            _begin(dataset, sources, config, overwrite=overwrite)
            check_nodes(_seen(dataset) | local("--tables", tables))
            tally = _merge(sources, small, dataset, config)
            publishing = beside.submit(publish, dataset, sources, small, tally, config)
        return publishing.result()


def _check_apart(tables: str | Path, dataset: Dataset) -> None:
    """A Dataset among the tables could be taken for one of them."""
    folder = Path(tables).resolve()  # whatever links lead to it
    if "://" not in str(tables) and dataset.path.resolve().is_relative_to(folder):
        raise InputError(f"--out {dataset.path} is in --tables {tables}", "name another --out")


def _seen(dataset: Dataset) -> dict[str, Path]:
    """What tasks must see of the folder they write to."""
    return {"--out": dataset.path / MARKER}


@contextmanager
def _written_to(dataset: Dataset) -> Iterator[None]:
    """A disk that is full, or goes away, is said in one line."""
    try:
        yield
    except OSError as error:
        problem = f"{dataset.path} cannot be written to ({error.strerror or error})"
        raise Failed(problem, "make room there, and give the same command again") from error


def _begin(
    dataset: Dataset,
    sources: dict[str, tuple[Source, ...]],
    config: Config,
    *,
    overwrite: bool,
) -> None:
    """Go on with what the same command left half-made, or begin anew."""
    job = {
        "shelftag": shelftag.__version__,
        "inputs": fingerprints(sources),
        "modified_ns": {file.name: file.modified_ns for file in stored_files(sources)},
        "catalog": config.catalog.model_dump(mode="json"),
        "data": config.data.model_dump(mode="json", exclude={"max_rejects"}),
    }
    if dataset.is_half_written and not dataset.is_complete and _same(job, dataset.job_file):
        dataset.hold()
        return
    if dataset.is_half_written and not dataset.is_complete:
        print("begun with other tables or settings: begins anew", file=sys.stderr)
    dataset.begin(overwrite=overwrite)
    for folder in (dataset.commits_dir, dataset.order_lines_dir, dataset.rejects_dir):
        folder.mkdir()
    write_json(dataset.job_file, job)


def _same(job: dict[str, Any], file: Path) -> bool:
    try:
        return bool(json.loads(file.read_bytes()) == job)
    except (OSError, ValueError):
        return False


def _start_workers() -> None:
    """Let the workers of a Ray of our own import what a task needs while the orders are read."""
    import ray

    start = ray.remote(_import_graph)
    for _ in range(int(ray.cluster_resources().get("CPU", 0))):
        start.remote()


def _import_graph() -> None:
    import ray.data  # noqa: F401


def _merge(
    sources: dict[str, tuple[Source, ...]], small: SmallTables, dataset: Dataset, config: Config
) -> Tally:
    """Join the order lines, range by range, and count.

    Raises:
        TooManyRejects: as soon as it is certain.
    """
    tally = count_small(small, dataset, config)
    job = Job({name: sources[name] for name in ORDER_TABLES}, dataset, config.data)
    ranges = [
        piece for files in job.sources.values() for piece in pieces(files, config.data.block_bytes)
    ]
    done = {part.name for part in ranges if is_done(part.name, dataset)}
    if done:
        print(f"goes on: {len(done)} of {len(ranges)} pieces are done", file=sys.stderr)
    to_do = [part for part in ranges if part.name not in done]
    left = sum(piece.bytes for piece in ranges)
    unpacked = max(piece.most_bytes / piece.bytes for piece in ranges)
    progress = Progress("order lines", left, "MB", 10**6)
    for name in chain(done, _spread(to_do, small, job)):
        counts, purchases = read_commit(name, dataset, small.catalog.products.num_rows)
        tally.add_piece(counts, purchases)
        left -= counts.bytes
        tally.check_rejects(config.data.max_rejects, int(left * unpacked))
        progress.add(counts.bytes)
    return tally


def _spread(ranges: list[Piece], small: SmallTables, job: Job) -> Iterator[str]:
    """One task for each range; the names of the committed, as they finish.

    Raises:
        Failed: a task failed.
    """
    import ray.data

    if not ranges:
        return
    # Our own line of progress stands in place of Ray Data's bars and log.
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # a task's error is said below
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
    dimensions = ray.put((small.orders.dimension, small.products))
    graph = ray.data.from_items([asdict(part) for part in ranges], override_num_blocks=len(ranges))
    graph = graph.map(_merge_task, fn_kwargs={"job": job, "dimensions": dimensions})
    try:
        for row in graph.iter_rows():
            yield row["name"]
    except ray.exceptions.RayError as error:
        # The text of a task's error is its traceback, and after it those of Ray's own errors.
        cause = str(error).split("\n\nThe above exception")[0].strip().splitlines()[-1]
        problem = f"a task on order lines failed ({cause})"
        raise Failed(problem, "mend the cause, and give the same command again") from error


def _merge_task(row: dict[str, Any], job: Job, dimensions: Any) -> dict[str, str]:
    import ray

    piece = Piece(**row)
    check_node(_seen(job.dataset))
    orders, products = ray.get(dimensions)  # in shared memory, not a copy
    merge_piece(piece, job, orders, products)
    return {"name": piece.name}

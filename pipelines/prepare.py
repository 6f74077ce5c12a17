"""Six tables -> Dataset, on Ray Data.

    products, aisles, departments --catalog--+--> departments, split
    orders --sorted by id--------------------+
                                             | once, in the object store
                                             v
    order_products --byte ranges--> [read -> parse -> join -> drop -> write] --> order_lines/*
                                         |        |                              rejects/*
                                         '--------'--> rejects
                                             |
                                             '--counts, purchases--> products.parquet, manifest

The bracket is one task for each range; only counts come back. A task that dies is run again and
writes under another name, and the manifest names what the finished ones wrote.
"""

import logging
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster.local import ray_session
from shelftag.artifacts import Dataset, DatasetManifest
from shelftag.config import Config
from shelftag.errors import Failed
from shelftag.tables.accounting import RangeCounts, Tally
from shelftag.tables.catalog import Catalog, read_catalog
from shelftag.tables.dimension import Orders, read_orders
from shelftag.tables.merge import merge_range
from shelftag.tables.parts import write_rejects
from shelftag.tables.products import learned_departments
from shelftag.tables.publish import ORDER_TABLES, publish
from shelftag.tables.ranges import ByteRange, byte_ranges
from shelftag.tables.rejects import count_reasons
from shelftag.tables.sources import Source, check_sources


def main(*, tables: Path, out: Path, overwrite: bool, config: Config) -> None:
    """Make a Dataset and print what became of every row."""
    from shelftag.tables.summary import print_summary

    started = time.perf_counter()
    dataset = Dataset(out)
    manifest = prepare(tables, dataset, config, overwrite=overwrite)
    print_summary(dataset, manifest, time.perf_counter() - started)


def prepare(
    tables: Path, dataset: Dataset, config: Config, *, overwrite: bool = False
) -> DatasetManifest:
    """Join, split, count, publish.

    Raises:
        Refused: a table or the folder cannot be used; nothing was written.
        TooManyRejects: more bad rows than `data.max_rejects`; their files are left to look at.
        AccountingError: rows were lost.
        Failed: a task failed.
    """
    sources = check_sources(tables)
    dataset.check_free(overwrite=overwrite)
    catalog = read_catalog(sources)
    departments = learned_departments(catalog.products, config.catalog.unlabelled)
    with ThreadPoolExecutor(1) as beside:  # the orders are read while Ray starts
        reading = beside.submit(read_orders, sources["orders"], config.data.block_bytes)
        with ray_session(config.scaling):
            orders = reading.result()
            dataset.begin(overwrite=overwrite)
            tally = _merge(sources, catalog, orders, dataset, config)
    return publish(dataset, sources, catalog, departments, tally, config)


def _merge(
    sources: dict[str, Source], catalog: Catalog, orders: Orders, dataset: Dataset, config: Config
) -> Tally:
    """Join the order lines, range by range, and count.

    Raises:
        TooManyRejects: as soon as it is certain.
    """
    dataset.order_lines_dir.mkdir()
    dataset.rejects_dir.mkdir()
    tally = _count_dimensions(catalog, orders, dataset)
    order_tables = {name: sources[name] for name in ORDER_TABLES}
    ranges = [
        part
        for source in order_tables.values()
        for part in byte_ranges(source, config.data.block_bytes)
    ]
    left = sum(part.end - part.start for part in ranges)
    progress = _Progress(left)
    for counts, purchases in _spread(ranges, order_tables, catalog, orders, dataset):
        tally.add_range(counts, purchases)
        left -= counts.bytes
        tally.check_rejects(config.data.max_rejects, left)
        progress.show(progress.total - left)
    return tally


def _count_dimensions(catalog: Catalog, orders: Orders, dataset: Dataset) -> Tally:
    """The accounts of the tables that are read here, and a file of their rejects."""
    tally = Tally(purchases=np.zeros(catalog.products.num_rows, np.int64))
    rejects = [*catalog.rejects, *orders.rejects]
    taken = {**catalog.taken, "orders": orders.dimension.columns.num_rows}
    for name, read in {**catalog.read, "orders": orders.read}.items():
        reasons = count_reasons(row for row in rejects if row.table == name)
        tally.add_table(name, read, taken[name], reasons)
    part = write_rejects(rejects, dataset.rejects_dir)
    tally.rejects_parts += [part] if part else []
    return tally


def _spread(
    ranges: list[ByteRange],
    sources: dict[str, Source],
    catalog: Catalog,
    orders: Orders,
    dataset: Dataset,
) -> Iterator[tuple[RangeCounts, NDArray[np.int64]]]:
    """One task for each range; what each did, as they finish.

    Raises:
        Failed: a task failed.
    """
    import ray.data

    # Our own line of progress stands in place of Ray Data's bars and log.
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
    sides = ray.put((orders.dimension, catalog.dimension()))
    graph = ray.data.from_items([asdict(part) for part in ranges], override_num_blocks=len(ranges))
    graph = graph.map(
        _merge_task, fn_kwargs={"sources": sources, "sides": sides, "dataset": dataset}
    )
    try:
        for row in graph.iter_rows():
            purchases = np.frombuffer(row["purchases"], np.int64)
            yield RangeCounts.model_validate_json(row["counts"]), purchases
    except ray.exceptions.RayError as error:
        # The text of a task's error is its traceback, and after it those of Ray's own errors.
        cause = str(error).split("\n\nThe above exception")[0].strip().splitlines()[-1]
        raise Failed(f"a task on order lines failed ({cause})", "run the command again") from error


def _merge_task(
    row: dict[str, Any], sources: dict[str, Source], sides: Any, dataset: Dataset
) -> dict[str, Any]:
    import ray

    part = ByteRange(**row)
    orders, products = ray.get(sides)  # in shared memory, not a copy
    counts, purchases = merge_range(part, sources[part.table], orders, products, dataset)
    return {"counts": counts.model_dump_json(), "purchases": purchases.tobytes()}


class _Progress:
    """Bytes, rate and time left: a line that is rewritten, or now and then one more in a log."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = time.perf_counter()
        self.in_terminal = sys.stderr.isatty()
        self.next = self.started

    def show(self, done: int) -> None:
        """Say how far it is, if the last word on that is not fresh."""
        now = time.perf_counter()
        if now < self.next and done < self.total:
            return
        self.next = now + (0.2 if self.in_terminal else 5)
        rate = done / (now - self.started)
        text = (
            f"order lines: {done / 1e6:,.1f} of {self.total / 1e6:,.1f} MB, "
            f"{rate / 1e6:,.1f} MB/s, {(self.total - done) / rate:,.0f} s left"
        )
        end = "\r" if self.in_terminal and done < self.total else "\n"
        print(f"{text:<78}", end=end, file=sys.stderr, flush=True)

"""Ray Data feeds the training workers, each with the batches of its rank.

    products ----encode, once-----> objective, plan     in the object store
    order lines --count, by file------------'
                                      plan --pieces--> [draw] --stream--> worker: pad, learn

`draw` is a task for some hundred batches, or for a part of the order lines: it reads, mixes, sorts
by length, cuts, and says which products stand in which batch. It asks for no CPU, so that it need
not wait for workers that have taken them all.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from shelftag.artifacts import Dataset
from shelftag.config import Config
from shelftag.training.batches import Plan, Rows, drawn, spans
from shelftag.training.lines import LineFile, LinesPlan, check_lines, count_lines, train_ids
from shelftag.training.objective import Objective

BATCHES_PER_TASK = 500
"""Batches of one rank that a task draws at least: to start one takes ten milliseconds."""


def count_files(dataset: Dataset) -> list[LineFile]:
    """What each file of order lines has to learn from, counted by a task for each.

    Raises:
        AccountingError: it is not what `prepare` counted.
    """
    import ray.data

    _be_quiet()
    paths = [{"path": str(dataset.order_lines_dir / part)} for part in dataset.manifest().parts]
    graph = ray.data.from_items(paths, override_num_blocks=len(paths))
    rows = graph.map(_count, fn_kwargs={"dataset": dataset}).take_all()
    files = sorted((LineFile(**row) for row in rows), key=lambda file: file.path)
    check_lines(files, dataset)
    return files


def _count(row: dict[str, str], dataset: Dataset) -> dict[str, Any]:
    return asdict(count_lines(row["path"], train_ids(dataset)))


def tokenized(
    dataset: Dataset, config: Config, base: str, files: list[LineFile]
) -> tuple[Objective, Plan]:
    """In a task: encode each train product, once for all workers and epochs.

    Args:
        base: hub id or folder.
        files: of the order lines, where an epoch passes over those.
    """
    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples
    from shelftag.training.fit import products_plan
    from shelftag.training.objective import objective_of

    departments = Departments(dataset.manifest().departments)
    examples = read_examples(dataset, departments, "train", config.train.count_alpha)
    objective = objective_of(config, base, departments, examples)
    if config.train.examples == "products":
        return objective, products_plan(objective, examples, config)
    return objective, LinesPlan.of(files, train_ids(dataset), objective.lengths, config.train)


def streamed(
    stored: Any, plan: Plan, first: int, stop: int, step: int
) -> Iterator[tuple[int, Rows]]:
    """What `drawn` gives, drawn by Ray Data ahead of its use.

    Args:
        stored: the plan in the object store.
    """
    import ray.data

    _be_quiet()
    todo = [{"first": start, "stop": end} for start, end in pieces(plan, first, stop, step)]
    graph = ray.data.from_items(todo, override_num_blocks=len(todo))
    graph = graph.map_batches(
        _draw,
        batch_size=1,
        fn_kwargs={"stored": [stored], "step": step},  # in a list: as it is, not what it stands for
        num_cpus=0,
        concurrency=1,  # a rank is fed by one task at a time, in order
    )
    for table in graph.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield from unpacked(table)


def pieces(plan: Plan, first: int, stop: int, step: int) -> Iterator[tuple[int, int]]:
    """[first, stop) in pieces for a task each, that end where a part of the plan does."""
    start = first
    for span in spans(plan, first):
        if span.stop >= stop:
            break
        if span.stop - start >= BATCHES_PER_TASK * step:
            yield start, span.stop
            start = span.stop + (first - span.stop) % step
    if start < stop:
        yield start, stop


def _draw(batch: dict[str, Any], stored: list[Any], step: int) -> Iterator[pa.Table]:
    import ray

    plan: Plan = ray.get(stored[0])  # its arrays in shared memory, not a copy
    batches = list(drawn(plan, int(batch["first"][0]), int(batch["stop"][0]), step))
    for i in range(0, len(batches), BATCHES_PER_TASK):
        yield packed(batches[i : i + BATCHES_PER_TASK])


def packed(batches: list[tuple[int, Rows]]) -> pa.Table:
    """A row a batch: `position`, and `rows`, the examples in it."""
    offsets = np.cumsum([0, *(len(rows) for _, rows in batches)], dtype=np.int32)
    values = np.concatenate([rows for _, rows in batches]).astype(np.int32)
    rows = pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))
    return pa.table({"position": [position for position, _ in batches], "rows": rows})


def unpacked(table: pa.Table) -> Iterator[tuple[int, Rows]]:
    """What was `packed`."""
    for block in table.to_batches():
        rows = block.column("rows")
        ends = np.cumsum(rows.value_lengths().to_numpy())[:-1]
        batches = np.split(rows.flatten().to_numpy().astype(np.int64), ends)
        yield from zip(block.column("position").to_pylist(), batches, strict=True)


def _be_quiet() -> None:
    """Our own line of progress stands in place of Ray Data's bars and log."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    logging.getLogger("ray.data").setLevel(logging.ERROR)

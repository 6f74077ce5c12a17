"""One epoch of all order lines, from Ray Data into a Ray Train worker: `make bench-stream`.

The step is null: the worker takes every batch, padded and ready to learn from, and does nothing
with it. Over made tables of full size; the Dataset stays in the work folder and is used again.

    python -m tests.benchmarks.bench_stream --lines 1000000
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any
from uuid import uuid4

from shelftag.artifacts import Dataset
from shelftag.config import Config, load_config
from shelftag.config.synthesis import FULL_LINES
from tests.benchmarks.measured import MARK, Processes
from tests.benchmarks.quiet import WORK, made_tables, say
from tests.benchmarks.results import machine

POINTS = 8
SAMPLE_S = 0.5
SETTINGS = ("train.examples=order_lines", "train.epochs=1", "scaling.threads_per_worker=1")


def main() -> None:
    """Stream, print a row for each point, and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--lines", type=int, default=FULL_LINES)
    chosen = options.parse_args()
    dataset = _dataset(chosen.work, chosen.lines)
    with TemporaryDirectory() as folder:
        result = _measure(dataset, load_config(overrides=list(SETTINGS)), Path(folder))
    print(f"{'rows':>12}{'rows/s':>12}{'peak GB, all processes':>26}")
    for point in result["points"]:
        print(f"{point['rows']:12,}{point['rows_per_s']:12,.0f}{point['peak_gb']:26.2f}")
    print(f"{result['lines']:,} lines read, {result['left_over']:,} left over; {machine()}")
    print(json.dumps(result))


def _dataset(work: Path, lines: int) -> Dataset:
    dataset = Dataset(work / f"stream-{lines}")
    if not dataset.is_complete:
        command = ("prepare", "--tables", str(made_tables(work, lines)), "--out", str(dataset.path))
        subprocess.run([sys.executable, "-m", "pipelines", *command], check=True, stdout=sys.stderr)
    return dataset


def _measure(dataset: Dataset, config: Config, folder: Path) -> dict[str, Any]:
    from cluster.local import ray_session

    mark, done = uuid4().hex, Event()
    os.environ[MARK] = mark  # of all that Ray starts from here on
    processes = Processes(f"{MARK}={mark}".encode())
    with ThreadPoolExecutor(1) as beside, ray_session(config.scaling):
        sampled = beside.submit(lambda: list(_samples(processes, done)))
        try:
            result = _stream(dataset, config, folder)
        finally:
            done.set()
    return result | {"points": _with_peaks(result["points"], sampled.result())}


def _samples(processes: Processes, done: Event) -> Iterator[tuple[float, int]]:
    while not done.wait(SAMPLE_S):
        yield time.time(), processes.memory()


def _with_peaks(
    points: list[dict[str, float]], samples: list[tuple[float, int]]
) -> list[dict[str, float]]:
    """The peak of memory between a point and the one before it."""
    since, found = points[0]["began"], []
    for point in points:
        peak = max((size for at, size in samples if since <= at <= point["ended"]), default=0)
        found.append({**point, "peak_gb": round(peak / 1e9, 3)})
        since = point["ended"]
    return found


def _stream(dataset: Dataset, config: Config, folder: Path) -> dict[str, Any]:
    """In Ray: count the lines, make a base for its vocabulary, and let one worker take them all."""
    import ray
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    from pipelines.train_feed import count_files, tokenized
    from shelftag.training.batches import left_over

    started = time.perf_counter()
    files = count_files(dataset)
    counted_s = time.perf_counter() - started
    ray.get(ray.remote(_make_base).remote(dataset, config, folder / "base"))
    task = ray.remote(num_returns=2)(tokenized)
    objective, plan = task.remote(dataset, config, str(folder / "base"), files)
    say(f"{sum(file.lines for file in files):,} lines counted in {counted_s:.1f} s; streaming")
    result = TorchTrainer(
        take_all,
        train_loop_config={"objective": objective, "plan": plan},
        scaling_config=ScalingConfig(num_workers=1),
        run_config=RunConfig(name="stream", storage_path=str(folder / "runs")),
    ).fit()
    points = result.return_value
    assert points, "the worker returned nothing"
    return {
        "lines": sum(file.lines for file in files),
        "rows": points[-1]["rows"],
        "left_over": left_over(ray.get(plan)),
        "count_s": round(counted_s, 2),
        "seconds": round(points[-1]["ended"] - points[0]["began"], 1),
        "points": points,
    }


def _make_base(dataset: Dataset, config: Config, folder: Path) -> None:
    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples
    from shelftag.training.pretrain import make_base

    departments = Departments(dataset.manifest().departments)
    texts = read_examples(dataset, departments, "train", count_alpha=0.0).texts
    make_base(texts, departments, config.model.nano, 0, folder, lambda *_: None)


def take_all(loop: dict[str, Any]) -> list[dict[str, float]]:
    """In the worker: one epoch, and a null step for each batch."""
    import ray

    from pipelines.train_feed import streamed
    from shelftag.training.fed import Fed, counted

    objective, plan = ray.get([loop["objective"], loop["plan"]])
    batches = plan.batches_per_epoch
    ends = {batches * (i + 1) // POINTS for i in range(POINTS)}
    fed, points, tokens = Fed(0, 1, 0, batches), list[dict[str, float]](), 0
    began = before = time.time()
    rows_before = 0
    for position, rows in counted(partial(streamed, loop["plan"])(plan, 0, batches, 1), fed):
        tokens += int(objective.batch(rows, position)["attention_mask"].sum())
        if fed.batches in ends:
            now = time.time()
            rate = (fed.rows - rows_before) / (now - before)
            points.append({"rows": fed.rows, "tokens": tokens, "rows_per_s": round(rate)})
            points[-1] |= {"began": began, "ended": now}
            before, rows_before = now, fed.rows
    fed.check()
    return points


if __name__ == "__main__":
    main()

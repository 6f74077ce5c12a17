"""How each model is loaded, and what it takes: names/s and memory, each in its own process."""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import active_children, get_context, parent_process
from threading import Thread

import numpy as np

from shelftag.artifacts import Dataset, Run
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.errors import ShelftagError
from shelftag.evaluation.models import ALONE, CASCADE, LINEAR, LOOKUP, OURS, Cost, ModelRow, cost_of
from shelftag.model.linear import LinearModel
from shelftag.model.lookup import NameLookup, learn_names
from shelftag.tagging.cascade import Cascade, Choose
from shelftag.tagging.identity import check_run
from shelftag.tagging.tagger import Tagger, load_scorer
from shelftag.training.examples import read_examples

TIMED_S = 5.0
"""A model is timed on names for so long, or on all of them."""

NAMES_PER_STEP = 1_024


@dataclass(frozen=True)
class Measured:
    """What the models are measured with."""

    run: Run
    dataset: Dataset
    config: Config
    floor: float
    """From which lead the cascade takes the linear model's choice."""


TIMED = (LOOKUP, LINEAR, ALONE, CASCADE, OURS)


def with_costs(
    rows: Sequence[ModelRow], measured: Measured, texts: list[str]
) -> tuple[ModelRow, ...]:
    """Rows with names per second and memory, each model timed by itself.

    A model that cannot be loaded a second time, since others fill the machine, has no cost: that
    is said, and the rest goes on.
    """
    costs = dict[str, Cost]()
    for row in (row for row in rows if row.model in TIMED):
        print(f"timing: {row.model}", file=sys.stderr, flush=True)
        try:
            costs[row.model] = _apart(row.model, measured, texts)
        except (BrokenProcessPool, MemoryError, RuntimeError, ShelftagError) as error:
            print(f"{row.model} was not timed ({error})", file=sys.stderr)
    return tuple(row.model_copy(update={"cost": costs.get(row.model)}) for row in rows)


def _apart(model: str, measured: Measured, texts: list[str]) -> Cost:
    """Measure in a process of its own, which is gone when this one is interrupted."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_end_with_parent) as process:
        try:
            return process.submit(_measure, model, measured, texts).result()
        except KeyboardInterrupt:
            for child in active_children():
                child.terminate()
            raise


def _end_with_parent() -> None:
    """A killed parent cannot tell its child: a thread of the child waits for its end."""
    parent = parent_process()
    assert parent is not None  # noqa: S101

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _measure(model: str, measured: Measured, texts: list[str]) -> Cost:
    """In a process of its own."""
    from shelftag.model.runtime import peak_bytes, peak_rss, set_up

    needs_torch = model not in (LOOKUP, LINEAR)
    if needs_torch:
        set_up(measured.config.scaling.threads_per_worker)
    choose = load_model(model, measured)
    choose(texts[:64])  # the first batch pays for what is made once
    names, started = 0, time.perf_counter()
    for start in range(0, len(texts), NAMES_PER_STEP):
        step = texts[start : start + NAMES_PER_STEP]
        choose(step)
        names += len(step)
        if time.perf_counter() - started > TIMED_S:
            break
    took = time.perf_counter() - started
    peak = peak_bytes() if needs_torch else peak_rss()
    return cost_of(names, took, peak, measured.config.evaluation.price_per_hour)


def load_model(model: str, measured: Measured) -> Choose:
    """One model from its files."""
    run, config = measured.run, measured.config
    if model == LOOKUP:
        return learned_names(measured.dataset).predict
    if model == LINEAR:
        return LinearModel.load(run.linear_dir).predict
    if model == ALONE:
        checked = check_run(run)
        form = replace(checked.form, linear_weight=0.0)
        scorer = load_scorer(run, checked.departments, form, config.tagging.batch_size)
        return lambda texts: scorer.logits(texts).argmax(axis=1)
    # What is remembered is not timed, and new departments are no labels.
    tagging = config.tagging.model_copy(update={"new_departments": (), "cache_size": 0})
    tagger = Tagger.load(run, tagging, threads=config.scaling.threads_per_worker)
    if model == OURS:
        return lambda texts: tagger.rank(texts).departments[:, 0]
    linear = LinearModel.load(run.linear_dir)
    names = learned_names(measured.dataset)
    return Cascade(
        names, linear, measured.floor, lambda texts: tagger.rank(texts).departments[:, 0]
    ).predict


def learned_names(dataset: Dataset) -> NameLookup:
    """The name lookup over the train split."""
    departments = Departments(dataset.manifest().departments)
    train = read_examples(dataset, departments, "train", count_alpha=1.0)
    return learn_names(train.texts, train.labels, train.weights.astype(np.int64))

"""What Ray Data feeds is what the plan says, for every rank."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import train_feed
from pipelines.train import train
from pipelines.train_feed import count_files, packed, pieces, streamed, unpacked
from shelftag.artifacts import Dataset, Run
from shelftag.training.batches import BatchPlan, Plan, drawn
from shelftag.training.lines import LinesPlan, bought_to_train, train_ids
from tests import tiny
from tests.training.made_lines import with_lines

Drawn = list[tuple[int, list[int]]]


def as_lists(stream: Iterable[tuple[int, Any]]) -> Drawn:
    return [(position, rows.tolist()) for position, rows in stream]


def products(n: int, size: int) -> BatchPlan:
    return BatchPlan(np.ones(n), np.random.default_rng(n).integers(2, 30, n), size, True, 0)


@pytest.fixture(scope="module")
def dataset(tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return with_lines(tiny_dataset, tmp_path_factory.mktemp("lines") / "dataset")


@given(
    st.integers(1, 60), st.integers(0, 40), st.integers(0, 90), st.integers(1, 4), st.integers(1, 9)
)
def test_pieces_have_each_batch_of_a_rank_once(
    n: int, first: int, more: int, step: int, least: int
) -> None:
    plan, stop = products(n, 4), first + more
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_feed, "BATCHES_PER_TASK", least)
        tasks = list(pieces(plan, first, stop, step))
    together = chain.from_iterable(drawn(plan, start, end, step) for start, end in tasks)
    assert as_lists(together) == as_lists(drawn(plan, first, stop, step))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_what_is_packed_comes_out_again(sizes: list[int]) -> None:
    batches = [(3 * i, np.arange(i, i + size)) for i, size in enumerate(sizes)]
    table = packed(batches)
    assert as_lists(unpacked(table)) == as_lists(batches)
    assert as_lists(unpacked(table.slice(1))) == as_lists(batches[1:])


def lines_plan(dataset: Dataset) -> LinesPlan:
    ids = train_ids(dataset)
    lengths = np.random.default_rng(1).integers(2, 30, len(ids))
    train = tiny.config("train.per_device_train_batch_size=16").train
    return LinesPlan.of(count_files(dataset), ids, lengths, train)


@pytest.mark.usefixtures("ray_here")
@pytest.mark.parametrize("kind", ["products", "order_lines"])
def test_a_stream_is_what_the_plan_draws(
    kind: str, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over some epochs, for two ranks, from the middle of the first on, in several tasks."""
    import ray

    monkeypatch.setattr(train_feed, "BATCHES_PER_TASK", 20)
    plan: Plan = products(100, 8) if kind == "products" else lines_plan(dataset)
    stored, stop = ray.put(plan), 3 * plan.batches_per_epoch + 2
    for first in (5, 6):
        assert len(list(pieces(plan, first, stop, 2))) in range(1, 9)
        stream = streamed(stored, plan, first, stop, 2)
        assert as_lists(stream) == as_lists(drawn(plan, first, stop, 2))


@pytest.mark.slow
@pytest.mark.usefixtures("ray_here")
def test_no_rank_loses_lines(dataset: Dataset, tmp_path: Path) -> None:
    """Two workers, an epoch of order lines, and lines that fill no batch."""
    config = tiny.config(
        "train.examples=order_lines",
        "train.max_steps=-1",
        "train.epochs=1",
        "train.per_device_train_batch_size=50",
        "scaling.workers=2",
    )
    feed = train(dataset, Run(tmp_path / "run"), config).training["feed"]
    lines, batches = bought_to_train(dataset), bought_to_train(dataset) // 50
    assert lines % 50  # or there is nothing left over
    assert feed["rows_per_epoch"] == lines
    assert feed["left_over_per_epoch"] == lines % 50
    assert feed["batches"] in (batches, batches + 1)  # the last step has one of the next epoch
    assert feed["rows"] == sum(feed["rows_by_rank"]) == 50 * feed["batches"]
    assert len(set(feed["rows_by_rank"])) == 1

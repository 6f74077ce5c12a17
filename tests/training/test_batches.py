"""Batch order is a function of (seed, epoch, step), and loses nobody."""

from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shelftag.training.batches import BatchPlan


def plan(n: int, batch_size: int, seed: int = 0, weights: list[float] | None = None) -> BatchPlan:
    lengths = np.random.default_rng(n).integers(2, 30, n)
    return BatchPlan(np.array(weights or [1.0] * n), lengths, batch_size, True, seed)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 5))
def test_an_epoch_is_full_batches_of_different_examples(n: int, size: int, epoch: int) -> None:
    batches = plan(n, size).epoch(epoch)
    rows = np.concatenate(batches)
    assert len(set(rows)) == len(rows) == (n // size * size or n)
    assert {len(batch) for batch in batches} == {min(n, size)}


@given(st.integers(20, 200), st.integers(1, 4), st.integers(0, 30))
def test_workers_share_the_batches_and_a_resumed_run_goes_on(n: int, w: int, start: int) -> None:
    whole = list(islice(plan(n, 8).batches(), start + 3 * w))
    for rank in range(w):
        resumed = plan(n, 8).batches(start + rank, w)
        for step in range(2):
            np.testing.assert_array_equal(next(resumed), whole[start + rank + step * w])


def test_seeds_and_epochs_differ() -> None:
    first = plan(200, 8).epoch(0)
    assert not np.array_equal(first[0], plan(200, 8).epoch(1)[0])
    assert not np.array_equal(first[0], plan(200, 8, seed=1).epoch(0)[0])


def test_draws_follow_the_weights() -> None:
    weights = [1.0, 2.0, 3.0, 10.0] * 25
    drawn = np.concatenate([np.concatenate(plan(100, 10, 0, weights).epoch(e)) for e in range(200)])
    share = np.bincount(drawn, minlength=100).reshape(25, 4).sum(axis=0) / len(drawn)
    np.testing.assert_allclose(share, np.array([1, 2, 3, 10]) / 16, atol=0.01)


def test_batches_are_of_like_length() -> None:
    grouped = plan(4_000, 50)
    spread = [np.ptp(grouped.lengths[batch]) for batch in grouped.epoch(0)]
    assert np.mean(spread) < np.ptp(grouped.lengths) / 4

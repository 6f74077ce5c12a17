"""Pieces of a batch in threads: the same logits, in order."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shelftag.tagging.threaded import LEAST, MOST, Threads, torch_threads


def lengths(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([[len(text)] for text in texts], np.float32).reshape(-1, 1)


class Seen:
    """In which threads it scored, how many texts, with how many of torch's."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append((threading.current_thread().name, len(texts), torch.get_num_threads()))
        return lengths(texts)


@pytest.mark.parametrize("count", [0, 1, LEAST, 2 * LEAST + 1, 3 * MOST + 5])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_logits_are_in_order(count: int, threads: int) -> None:
    texts = ["x" * (number % 97) for number in range(count)]
    np.testing.assert_array_equal(Threads(threads).logits(lengths, texts), lengths(texts))


def test_each_piece_has_one_of_torchs_threads_and_ours_are_kept() -> None:
    before, score, two = torch.get_num_threads(), Seen(), Threads(2)
    for _ in range(8):
        two.logits(score, ["x"] * (4 * MOST))
    assert {(size, inside) for _, size, inside in score.calls} == {(MOST, 1)}
    names = {name for name, _, _ in score.calls}
    assert len(names) <= 2
    assert threading.main_thread().name not in names
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("set_elsewhere", [1, 2, 3])
def test_what_other_threads_set_does_not_count(set_elsewhere: int) -> None:
    """A thread takes the number that was set last, wherever, until it has one of its own."""
    score, few = Seen(), ["x"]
    with torch_threads(set_elsewhere), ThreadPoolExecutor(1) as fresh:
        fresh.submit(Threads(2).logits, score, few).result()
        fresh.submit(Threads(2, of_torch=True).logits, score, few * 4 * MOST).result()
    assert [call[1:] for call in score.calls] == [(1, 1), (4 * MOST, 2)]


def test_a_failure_is_told() -> None:
    def score(texts: Sequence[str]) -> NDArray[np.float32]:
        raise ValueError(f"{len(texts)} texts")

    before = torch.get_num_threads()
    with pytest.raises(ValueError, match=f"{LEAST} texts"):
        Threads(2).logits(score, ["x"] * (2 * LEAST))
    assert torch.get_num_threads() == before

"""Pieces of a batch in threads: the same logits, in order."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shelftag.tagging.threaded import LEAST, MOST, in_threads


def lengths(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([[len(text)] for text in texts], np.float32).reshape(-1, 1)


@pytest.mark.parametrize("count", [0, 1, LEAST, 2 * LEAST + 1, 3 * MOST + 5])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_logits_are_in_order(count: int, threads: int) -> None:
    texts = ["x" * (number % 97) for number in range(count)]
    np.testing.assert_array_equal(in_threads(lengths, texts, threads), lengths(texts))


def test_each_piece_has_one_of_torchs_threads() -> None:
    before, seen = torch.get_num_threads(), []

    def score(texts: Sequence[str]) -> NDArray[np.float32]:
        seen.append((threading.current_thread().name, len(texts), torch.get_num_threads()))
        return lengths(texts)

    in_threads(score, ["x"] * (4 * MOST), 2)
    assert {(size, inside) for _, size, inside in seen} == {(MOST, 1)}
    assert threading.main_thread().name not in {name for name, _, _ in seen}
    assert torch.get_num_threads() == before


def test_a_failure_is_told() -> None:
    def score(texts: Sequence[str]) -> NDArray[np.float32]:
        raise ValueError(f"{len(texts)} texts")

    before = torch.get_num_threads()
    with pytest.raises(ValueError, match=f"{LEAST} texts"):
        in_threads(score, ["x"] * (2 * LEAST), 2)
    assert torch.get_num_threads() == before

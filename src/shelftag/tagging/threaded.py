"""Texts scored in several threads, each alone on its core.

A small model's steps are too short to share: two cores that wait for each other at every one of
them are slower than two that work on texts of their own, and far slower on a busy machine.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 128, 2_048
"""Texts in a piece: fewer are not worth a thread, more do not fit the cache of a core."""

Logits = Callable[[Sequence[str]], NDArray[np.float32]]


class Threads:
    """So many threads to score with: ours, with texts of their own, or torch's, in each step."""

    def __init__(self, count: int = 1, *, of_torch: bool = False) -> None:
        """The threads are made when they are needed, and kept."""
        self._parts = 1 if of_torch else count
        self._of_torch = count if of_torch else 1
        self._pool = ThreadPoolExecutor(self._parts, "scoring") if self._parts > 1 else None

    def logits(self, score: Logits, texts: Sequence[str]) -> NDArray[np.float32]:
        """`score(texts)`, [len(texts), departments], in pieces where threads are worth it."""
        pieces = self._pieces(texts)
        if self._pool is None or len(pieces) < 2:
            with torch_threads(self._of_torch):
                return score(texts)
        return np.concatenate(list(self._pool.map(_alone(score), pieces)))

    def _pieces(self, texts: Sequence[str]) -> list[Sequence[str]]:
        parts = max(min(self._parts, len(texts) // LEAST), 1)
        size = max(min(-(-len(texts) // parts), MOST), 1)
        return [texts[start : start + size] for start in range(0, len(texts), size)]


def _alone(score: Logits) -> Logits:
    def scored(texts: Sequence[str]) -> NDArray[np.float32]:
        with torch_threads(1):
            return score(texts)

    return scored


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """How many of its own threads torch uses for what this thread computes.

    Each thread has a number of its own. It takes it from the number that was set last, wherever,
    when torch first asks for it (ATen/Parallel.h, `lazy_init_num_threads`): reading it first
    settles that, so that no other thread's setting can come between.
    """
    import torch

    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

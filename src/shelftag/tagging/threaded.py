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


def in_threads(score: Logits, texts: Sequence[str], threads: int) -> NDArray[np.float32]:
    """`score(texts)`, [len(texts), departments], in pieces where threads are worth it."""
    if threads < 2:
        return score(texts)
    parts = max(min(threads, len(texts) // LEAST), 1)
    size = max(min(-(-len(texts) // parts), MOST), 1)
    pieces = [texts[start : start + size] for start in range(0, len(texts), size)]
    with _alone():
        if len(pieces) < 2:
            return score(texts)
        with ThreadPoolExecutor(parts) as pool:
            return np.concatenate(list(pool.map(score, pieces)))


@contextmanager
def _alone() -> Iterator[None]:
    """One of torch's threads for each of ours; torch counts them for the whole process."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

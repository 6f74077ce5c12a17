"""What is the same for a word wherever it stands is computed once and remembered.

A catalog's names are made of few words: 44,720 products of a real one have 21,000.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_WORDS = 100_000
"""Words remembered; about 30 MB."""

LONGEST_WORD = 64
"""Letters; longer words are computed each time, lest a few of them fill the memory."""

Numbers = NDArray[np.int32]
Compute = Callable[[list[str]], Iterable[Numbers]]
"""Distinct words -> the numbers of each: token ids, or terms."""


class ByWord:
    """Numbers of words, from memory or computed; threads may share one."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._known: dict[str, Numbers] = {}

    def __call__(self, words: Sequence[str]) -> tuple[Numbers, NDArray[np.int64]]:
        """The numbers of all words end to end, and how many each word has, [words]."""
        if not words:
            return np.empty(0, np.int32), np.empty(0, np.int64)
        known, found = self._known, dict[str, Numbers]()
        if new := sorted({word for word in words if word not in known}):
            found = dict(zip(new, self._compute(new), strict=True))
            self._remember(found)
        numbers = [found[word] if word in found else known[word] for word in words]
        lengths = np.fromiter(map(len, numbers), np.int64, count=len(numbers))
        return np.concatenate(numbers), lengths

    def _remember(self, found: dict[str, Numbers]) -> None:
        short = {word: numbers for word, numbers in found.items() if len(word) <= LONGEST_WORD}
        if len(self._known) + len(short) > MOST_WORDS:
            self._known = {}  # another thread may still read the old one
        if len(short) <= MOST_WORDS:
            self._known.update(short)

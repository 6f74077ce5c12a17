"""What is the same for a word wherever it stands is computed once and remembered.

A catalog's names are made of few words: 44,720 products of a real one have 21,000.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 32_000_000
"""Memory of the words remembered: some 100,000."""

WORD_BYTES = 300
"""Of a word beside its numbers: the string, the array's head, the place in a dictionary."""

LONGEST_WORD = 64
"""Letters; longer words are computed each time: they hardly come twice."""

Numbers = NDArray[np.int32]
Compute = Callable[[list[str]], Iterable[Numbers]]
"""Distinct words -> the numbers of each: token ids, or terms."""


class ByWord:
    """Numbers of words, from memory or computed; threads may share one.

    Two generations are held. When the young one has half of the memory it becomes the old one, and
    what was the old one goes: words that come again are young again, so no batch finds all
    forgotten at once.
    """

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._young: dict[str, Numbers] = {}
        self._old: dict[str, Numbers] = {}
        self._young_bytes = 0
        self._lock = threading.Lock()

    def __call__(self, words: Sequence[str]) -> tuple[Numbers, NDArray[np.int64]]:
        """The numbers of all words end to end, and how many each word has, [words]."""
        if not words:
            return np.empty(0, np.int32), np.empty(0, np.int64)
        with self._lock:  # another thread may put others in their place
            young, old = self._young, self._old
        found = dict[str, Numbers]()
        if missing := sorted({word for word in words if word not in young}):
            found = {word: old[word] for word in missing if word in old}
            new = [word for word in missing if word not in found]
            found.update(zip(new, self._compute(new), strict=True))
            self._remember(found)
        numbers = [found[word] if word in found else young[word] for word in words]
        lengths = np.fromiter(map(len, numbers), np.int64, count=len(numbers))
        return np.concatenate(numbers), lengths

    def _remember(self, found: Mapping[str, Numbers]) -> None:
        with self._lock:
            for word, numbers in found.items():
                if len(word) > LONGEST_WORD:
                    continue
                if self._young_bytes > MOST_BYTES // 2:
                    self._old, self._young, self._young_bytes = self._young, {}, 0
                if word not in self._young:
                    self._young[word] = numbers
                    self._young_bytes += WORD_BYTES + numbers.nbytes

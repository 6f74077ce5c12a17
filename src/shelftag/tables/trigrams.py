"""Names as sets of character trigrams, all in a few flat arrays."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.row_split import splitmix64

NAMES_PER_STEP = 2**15


class TrigramSets(NamedTuple):
    """Sets of n names; that of a name of under three characters is empty."""

    grams: NDArray[np.int64]
    """The trigrams of one set after the other, each unique in its set, in [0, span)."""
    starts: NDArray[np.int64]
    """Where each set begins in `grams`, [n]."""
    sizes: NDArray[np.int64]
    """[n]."""
    sketches: NDArray[np.uint64]
    """Parity of the trigrams that fall on each of 64 bits, [n]: two sets have at least as many
    trigrams that are not in common as their sketches have bits that differ (the bitmap filter of
    Sandes, Teodoro and Melo, 2020)."""
    span: int


def trigram_sets(names: Sequence[str]) -> TrigramSets:
    """The trigrams of each name, as it is written. A name must not have a line break."""
    base = 1 + max((int(_codes(step).max()) for step in _steps(names, len(names))), default=0)
    sets = [_sets(step, base) for step in _steps(names, 2**62 // base**3)]
    none = np.empty(0, np.int64)
    sizes = np.concatenate([none, *(sizes for _, sizes in sets)])
    grams = np.concatenate([none, *(grams for grams, _ in sets)])
    starts = np.cumsum(sizes) - sizes
    sketches = [_sketches(grams, sizes) for grams, sizes in sets]
    sketch = np.concatenate([none.astype(np.uint64), *sketches])
    return TrigramSets(grams, starts, sizes, sketch, base**3)


def expand(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1, ... for each of the counts, [sum of counts]."""
    before = np.cumsum(counts) - counts
    within: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(starts - before, counts)
    return within


def in_common(
    sets: TrigramSets, ones: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many trigrams the sets of each pair share, [pairs]."""
    most = max(1, min(NAMES_PER_STEP, 2**62 // sets.span))
    steps = [slice(start, start + most) for start in range(0, len(ones), most)]
    counts = [_in_common(sets, ones[step], others[step]) for step in steps]
    return np.concatenate([np.empty(0, np.int64), *counts])


def _in_common(
    sets: TrigramSets, ones: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    pairs = np.arange(len(ones))
    keys = []
    for rows in (ones, others):
        sizes = sets.sizes[rows]
        grams = sets.grams[expand(sets.starts[rows], sizes)]
        keys.append(np.repeat(pairs, sizes) * sets.span + grams)
    key = np.sort(np.concatenate(keys))
    twice = key[1:][key[1:] == key[:-1]]
    return np.bincount(twice // sets.span, minlength=len(ones))


def _steps(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    step = max(1, min(NAMES_PER_STEP, most))
    return (names[start : start + step] for start in range(0, len(names), step))


def _codes(names: Sequence[str]) -> NDArray[np.uint32]:
    """Code points of the names, each followed by a line break."""
    return np.frombuffer("\n".join([*names, ""]).encode("utf-32-le"), "<u4")


def _sets(names: Sequence[str], base: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Trigrams of each name, sorted and unique, and how many; name and trigram are sorted as one
    number, which is why the names are few."""
    codes = _codes(names)
    ends = codes == ord("\n")
    points = codes.astype(np.int64)
    grams = (points[:-2] * base + points[1:-1]) * base + points[2:]
    inside = ~(ends[:-2] | ends[1:-1] | ends[2:])
    rows, span = np.cumsum(ends)[:-2][inside], base**3
    key = np.sort(rows * span + grams[inside])
    key = key[np.diff(key, prepend=-1) > 0]
    rows = key // span
    return key - rows * span, np.bincount(rows, minlength=len(names))


def _sketches(grams: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    bits = np.uint64(1) << (splitmix64(grams.astype(np.uint64)) >> np.uint64(58))
    return xor_by_set(bits, sizes)


def xor_by_set(values: NDArray[np.uint64], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Exclusive or of the values of each set, [n]; 0 for an empty one."""
    found = np.zeros(len(sizes), np.uint64)
    some = np.flatnonzero(sizes)
    if len(some):
        starts = (np.cumsum(sizes) - sizes)[some]
        found[some] = np.bitwise_xor.reduceat(values, starts)
    return found

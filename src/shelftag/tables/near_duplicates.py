"""Names that are nearly the same: Jaccard similarity of their trigrams of at least 0.8, exactly.

Two such sets differ in at most a ninth of their summed sizes. All trigrams are dealt, by a hash,
into so many parts that in one of them at least the two sets differ in one trigram at most: there
they are equal once one of them, or neither, has left out a trigram. So sets that agree in the
hash of a part, whole or less one trigram, are candidates, and no pair is missed: PartEnum, from
Arasu, Ganti and Kaushik, Efficient Exact Set-Similarity Joins (VLDB 2006).

Prefix filtering (Chaudhuri et al. 2006, PPJoin) was tried first. The trigrams of a brand are rare
together, and there are only some thousands of trigrams: ten times the names had a hundred times
the candidates (318 million at 500,000 names; here 4 million).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.row_split import splitmix64
from shelftag.tables.trigrams import TrigramSets, expand, in_common, trigram_sets, xor_by_set

NAMES_PER_STEP = 2**15
PAIRS_PER_STEP = 2**18

Rows = NDArray[np.int64]


class Signatures(NamedTuple):
    """Hashes of one part of the trigrams of names, and the names' rows."""

    hashes: NDArray[np.uint64]
    rows: Rows

    def keep(self, kept: NDArray[np.bool_] | Rows) -> "Signatures":
        """Those at a mask or at positions."""
        return Signatures(self.hashes[kept], self.rows[kept])


def near_duplicates(held_out: Sequence[str], train: Sequence[str]) -> Rows:
    """The position of a nearly equal train name for each held-out name, -1 for none, [held out].

    A name of under three characters has no trigram, and is near to none. Time grows about as the
    names do: 0.35 s of CPU for 50,000 of them, 4 s for 500,000, 22 s for 2 million.
    """
    sets = trigram_sets([*held_out, *train])
    is_train = np.arange(len(sets.sizes)) >= len(held_out)
    match = np.full(len(held_out), -1, np.int64)
    few, many = _parts(sets.sizes)
    for parts in range(1, int(many.max(initial=0)) + 1):
        takes_part = (few <= parts) & (parts <= many) & (sets.sizes > 0)
        known = np.flatnonzero(takes_part & is_train)
        asked = np.flatnonzero(takes_part & ~is_train)
        asked = asked[match[asked] < 0]
        if len(known) and len(asked):
            _match_parts(sets, asked, known, parts, match)
    return np.where(match < 0, -1, match - len(held_out))


def _parts(sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The fewest and the most parts that a pair with a set of each size is dealt into, [n] each.

    A pair of sizes s and t differs in at most (s + t) // 9 trigrams, t being in [0.8 s, 1.25 s];
    of (s + t) // 18 + 1 parts, one at least has no more than one of them.
    """
    smallest, largest = -(-4 * sizes // 5), 5 * sizes // 4
    return (sizes + smallest) // 18 + 1, (sizes + largest) // 18 + 1


def _match_parts(sets: TrigramSets, asked: Rows, known: Rows, parts: int, match: Rows) -> None:
    """Fill `match` by what agrees in one of so many parts."""
    ours = _signatures(sets, asked, parts)
    sieves = [_sieve(part.hashes) for part in ours]
    theirs: list[list[Signatures]] = [[] for _ in range(parts)]
    for start in range(0, len(known), NAMES_PER_STEP):
        step = _signatures(sets, known[start : start + NAMES_PER_STEP], parts)
        for found, part, sieve in zip(theirs, step, sieves, strict=True):
            found.append(part.keep(_passes(sieve, part.hashes)))
    for part, found in zip(ours, theirs, strict=True):
        hashes, rows = zip(*found, strict=True)
        _match(sets, part, Signatures(np.concatenate(hashes), np.concatenate(rows)), match)


def _signatures(sets: TrigramSets, rows: Rows, parts: int) -> list[Signatures]:
    """Of each part: the hash of every name's trigrams in it, and that less each one of them."""
    sizes = sets.sizes[rows]
    hashes = splitmix64(sets.grams[expand(sets.starts[rows], sizes)].astype(np.uint64))
    place = np.repeat(np.arange(len(rows)), sizes)
    part = ((hashes >> np.uint64(32)) * np.uint64(parts)) >> np.uint64(32)
    found = []
    for number in range(parts):
        inside = part == number
        whole = xor_by_set(np.where(inside, hashes, np.uint64(0)), sizes)
        less = whole[place[inside]] ^ hashes[inside]
        of = np.concatenate([rows, rows[place[inside]]])
        found.append(Signatures(np.concatenate([whole, less]), of))
    return found


def _sieve(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Marks for the first bits of hashes: most hashes that are not among them fall through."""
    sieve = np.zeros(16 << len(hashes).bit_length(), np.bool_)
    sieve[_slots(sieve, hashes)] = True
    return sieve


def _passes(sieve: NDArray[np.bool_], hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    return sieve[_slots(sieve, hashes)]


def _slots(sieve: NDArray[np.bool_], hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return hashes >> np.uint64(65 - len(sieve).bit_length())


def _match(sets: TrigramSets, asked: Signatures, known: Signatures, match: Rows) -> None:
    """Fill `match` by pairs of equal hashes: a few for each name first, since one is enough."""
    asked = asked.keep(_passes(_sieve(known.hashes), asked.hashes))
    known = known.keep(np.argsort(known.hashes, kind="stable"))
    first = np.searchsorted(known.hashes, asked.hashes)
    count = np.searchsorted(known.hashes, asked.hashes, side="right") - first
    rows, width = asked.rows, 1
    while len(rows):
        step = PAIRS_PER_STEP // width
        for start in range(0, len(rows), step):
            now = slice(start, start + step)
            taken = np.minimum(count[now], width)
            _compare(
                sets,
                np.repeat(rows[now], taken),
                known.rows[expand(first[now], taken)],
                match,
            )
        left = (count > width) & (match[rows] < 0)
        rows, first, count = rows[left], first[left] + width, count[left] - width
        width = min(8 * width, PAIRS_PER_STEP)


def _compare(sets: TrigramSets, asked: Rows, known: Rows, match: Rows) -> None:
    """Fill `match` by those of the pairs that are near."""
    summed = sets.sizes[asked] + sets.sizes[known]
    differ = np.bitwise_count(sets.sketches[asked] ^ sets.sketches[known])
    likely = np.flatnonzero(9 * differ.astype(np.int64) <= summed)
    asked, known, summed = asked[likely], known[likely], summed[likely]
    near = 9 * in_common(sets, asked, known) >= 4 * summed
    match[asked[near]] = known[near]

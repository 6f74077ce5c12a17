"""The labelled names nearest to a name, by the TF-IDF of their words and letters.

Each is held against each, block by block: a million against four million would take weeks, so
both sides have an end. 20,000 by 100,000 take two minutes, and half a gigabyte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.model.linear import features

MAX_CELLS = 2**22
"""Similarities held at once: 16 MiB in float32, and some 100 while the largest are found."""

MAX_ASKED = 20_000
"""Texts that get neighbours, the first."""

MAX_AMONG = 100_000
"""Texts that neighbours are looked for among; of more, a seeded sample."""


@dataclass(frozen=True)
class Nearest:
    """The k nearest of m texts for each of n, nearest first."""

    positions: NDArray[np.int64]
    """[n, k], -1 where there are fewer than k, and from row `MAX_ASKED` on."""
    similarities: NDArray[np.float32]
    """Cosines from 0 to 1, [n, k]; 0 where there is none."""


def nearest(
    vectorizers: Mapping[str, Any],
    texts: Sequence[str],
    among: Sequence[str],
    k: int,
    seed: int,
    apart: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Nearest:
    """The nearest of `among` [m] for each of `texts` [n]; what shares no term is never near.

    Exact for `MAX_ASKED` texts among `MAX_AMONG`; of more texts the first are asked, and of more
    names a seeded sample is looked at.

    Args:
        vectorizers: `LinearModel.vectorizers`.
        apart: numbers of `texts` [n] and of `among` [m]; where they are equal, a pair is left
            out: with departments, the nearest elsewhere is found.
    """
    asked, sample = min(len(texts), MAX_ASKED), seeded_sample(len(among), MAX_AMONG, seed)
    ours = _unit(vectorizers, texts[:asked])
    theirs = _unit(vectorizers, [among[at] for at in sample]).T.tocsr()
    positions = np.full((len(texts), k), -1, np.int64)
    similarities = np.zeros((len(texts), k), np.float32)
    step = max(1, MAX_CELLS // max(1, len(sample)))
    for start in range(0, asked if len(sample) else 0, step):
        part = slice(start, min(start + step, asked))
        cosines = (ours[part] @ theirs).toarray()
        if apart is not None:
            cosines[apart[0][part, None] == apart[1][None, sample]] = 0
        best = _first(cosines, k)
        found = np.take_along_axis(cosines, best, axis=1)
        positions[part, : best.shape[1]] = np.where(found > 0, sample[best], -1)
        similarities[part, : best.shape[1]] = np.minimum(found, 1)
    return Nearest(positions, similarities)


def seeded_sample(count: int, at_most: int, seed: int) -> NDArray[np.int64]:
    """Positions below `count`, ascending: all, or so many drawn without replacement."""
    if count <= at_most:
        return np.arange(count)
    drawn = np.random.default_rng(seed).choice(count, at_most, replace=False)
    return np.sort(drawn)


def _unit(vectorizers: Mapping[str, Any], texts: Sequence[str]) -> Any:
    """Features [n, terms], each row of length 1."""
    from sklearn.preprocessing import normalize

    if not texts:
        from scipy.sparse import csr_array

        terms = sum(len(one.vocabulary_) for one in vectorizers.values())
        return csr_array((0, terms), dtype=np.float32)
    return normalize(features(vectorizers, texts))


def _first(cosines: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Columns of the k largest of each row, largest first, [n, k]."""
    k = min(k, cosines.shape[1])
    some = np.sort(np.argpartition(-cosines, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1).astype(np.int64)

"""The labelled names nearest to a name, by the TF-IDF of their words and letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.model.linear import features

MAX_CELLS = 2**22
"""Similarities held at once: 16 MiB in float32, and some 100 while the largest are found."""


@dataclass(frozen=True)
class Nearest:
    """The k nearest of m texts for each of n, nearest first."""

    positions: NDArray[np.int64]
    """[n, k], -1 where there are fewer than k."""
    similarities: NDArray[np.float32]
    """Cosines from 0 to 1, [n, k]; 0 where there is none."""


def nearest(
    vectorizers: Mapping[str, Any],
    texts: Sequence[str],
    among: Sequence[str],
    k: int,
    apart: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> Nearest:
    """The nearest of `among` [m] for each of `texts` [n]; what shares no term is never near.

    Args:
        vectorizers: `LinearModel.vectorizers`.
        apart: numbers of `texts` [n] and of `among` [m]; where they are equal, a pair is left
            out: with departments, the nearest elsewhere is found.
    """
    ours, theirs = _unit(vectorizers, texts), _unit(vectorizers, among).T.tocsr()
    positions = np.full((len(texts), k), -1, np.int64)
    similarities = np.zeros((len(texts), k), np.float32)
    step = max(1, MAX_CELLS // max(1, len(among)))
    for start in range(0, len(texts) if len(among) else 0, step):
        part = slice(start, start + step)
        cosines = (ours[part] @ theirs).toarray()
        if apart is not None:
            cosines[apart[0][part, None] == apart[1][None]] = 0
        best = _first(cosines, k)
        found = np.take_along_axis(cosines, best, axis=1)
        positions[part, : best.shape[1]] = np.where(found > 0, best, -1)
        similarities[part, : best.shape[1]] = np.minimum(found, 1)
    return Nearest(positions, similarities)


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

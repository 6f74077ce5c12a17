"""A Ranking as columns, to be written, read and gathered."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.tagging.tagger import Ranking

COLUMNS = ("order", "confidences", "review", "candidates")


def ranking_columns(ranking: Ranking) -> pa.Table:
    """n rows: positions of departments and their confidences, likeliest first, [k] each; whether
    it is for review; positions of candidates."""
    is_one = ranking.candidates >= 0
    ends = np.append(0, np.cumsum(is_one.sum(axis=1)))
    candidates = pa.array(ranking.candidates[is_one].astype(np.int16))
    return pa.table(
        [
            _fixed(ranking.departments.astype(np.int16)),
            _fixed(ranking.confidence),
            pa.array(ranking.review),
            pa.ListArray.from_arrays(pa.array(ends, pa.int32()), candidates),
        ],
        names=list(COLUMNS),
    )


def ranking_of(columns: pa.Table) -> Ranking:
    """The Ranking of such columns."""
    order, confidences, review, candidates = (columns[name].combine_chunks() for name in COLUMNS)
    return Ranking(
        _matrix(order).astype(np.int64),
        _matrix(confidences).astype(np.float32),
        review.to_numpy(zero_copy_only=False).astype(np.bool_),
        _padded(candidates),
    )


def _fixed(matrix: NDArray[np.int16] | NDArray[np.float32]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), matrix.shape[1])


def _matrix(lists: pa.FixedSizeListArray) -> NDArray[np.generic]:
    values: NDArray[np.generic] = lists.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(lists), lists.type.list_size)


def _padded(lists: pa.ListArray) -> NDArray[np.int64]:
    """[n, longest], with -1 after the last of each."""
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    matrix = np.full((len(lists), int(lengths.max(initial=0))), -1, np.int64)
    matrix[np.arange(matrix.shape[1]) < lengths[:, None]] = lists.flatten().to_numpy(
        zero_copy_only=False
    )
    return matrix

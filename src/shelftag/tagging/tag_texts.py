"""Alternatives and candidates as JSON texts, written by Arrow for all texts at once.

[{"department": "bakery", "confidence": 0.031250}, ...]      ["bakery", "pantry"]
"""

import json
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.tagging.tagger import Ranking

MILLION = 1_000_000


def alternatives_json(ranking: Ranking, departments: Sequence[str]) -> pa.StringArray:
    """The next likeliest departments of n texts, [n]; confidences with six digits."""
    opening = pa.array([f'{{"department": {_quoted(name)}, "confidence": ' for name in departments])
    others = []
    for place in range(1, ranking.departments.shape[1]):
        named = opening.take(pa.array(ranking.departments[:, place]))
        number = decimals(ranking.confidence[:, place])
        others.append(pc.binary_join_element_wise(named, number, pa.scalar("}"), ""))
    return _in_brackets(others, len(ranking.departments))


def candidates_json(ranking: Ranking, departments: Sequence[str]) -> pa.StringArray:
    """The names of the candidates of n texts, [n]."""
    quoted = pa.array([_quoted(name) for name in departments])
    is_one = ranking.candidates >= 0
    edges = np.append(0, np.cumsum(is_one.sum(axis=1)))
    names = quoted.take(pa.array(ranking.candidates[is_one]))
    lists = pa.ListArray.from_arrays(pa.array(edges, pa.int32()), names)
    return _in_brackets([pc.binary_join(lists, ", ")], len(lists))


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)  # people read it too, in review.csv


def _in_brackets(parts: Sequence[pa.StringArray], count: int) -> pa.StringArray:
    if not parts:
        return pa.array(["[]"] * count, pa.string())
    inside = pc.binary_join_element_wise(*parts, ", ")
    return pc.binary_join_element_wise("[", inside, "]", "")


def decimals(shares: NDArray[np.float32]) -> pa.StringArray:
    """Numbers from 0 to 1 with six digits after the point."""
    millionths = np.rint(shares.astype(np.float64) * MILLION).astype(np.int64)
    digits = pc.utf8_lpad(pa.array(millionths % MILLION).cast(pa.string()), 6, "0")
    whole = pa.array(millionths // MILLION).cast(pa.string())
    return pc.binary_join_element_wise(whole, digits, ".")

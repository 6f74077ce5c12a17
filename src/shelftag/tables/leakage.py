"""What a model can know of the held-out products from the train split.

name, split ---------> audit_names ----> exact <= spelling <= token set <= near; conflicts
                           |
purchases, department -----'-> with_purchases -> what a name lookup would score
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.artifacts import Leakage
from shelftag.tables.conflicts import conflicts, determining
from shelftag.tables.name_keys import NameKeys, name_keys, numbers
from shelftag.tables.near_duplicates import near_duplicates

EXAMPLES = 5

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class NameAudit(NamedTuple):
    """What follows from names, departments and split: all but the purchases."""

    leakage: Leakage
    spelling: Numbers
    """`NameKeys.spelling`, [rows]."""


def audit(products: pa.Table) -> Leakage:
    """The leakage audit of rows of products.parquet; the unlabelled are on neither side."""
    return with_purchases(audit_names(products), products)


def audit_names(products: pa.Table) -> NameAudit:
    """The part that takes the time. `purchases` may still be missing from the rows."""
    names = products["name"].to_pylist()
    keys = name_keys(names)
    train = _in_splits(products, "train")
    held_out = _in_splits(products, "valid", "test")
    known = [held_out & _among(key, train) for key in keys[:3]]
    match = _near(keys, train, held_out & ~known[-1])
    near = np.flatnonzero(match >= 0)
    shown = near[np.unique(keys.spelling[near], return_index=True)[1]]
    contradicting = conflicts(products)
    leakage = Leakage(
        held_out=int(held_out.sum()),
        exact=int(known[0].sum()),
        spelling=int(known[1].sum()),
        token_set=int(known[2].sum()),
        near=int(known[2].sum()) + len(near),
        near_examples=tuple((names[row], names[match[row]]) for row in np.sort(shown)[:EXAMPLES]),
        conflicts=pc.count_distinct(contradicting["text"]).as_py(),
        conflicting_products=contradicting.num_rows,
        determining=determining(products),
    )
    return NameAudit(leakage, keys.spelling)


def with_purchases(audited: NameAudit, products: pa.Table) -> Leakage:
    """The audit completed: how many test purchases a lookup of names knows, and has right.

    Args:
        products: the rows that were audited, with their `purchases`.
    """
    weights = np.maximum(products["purchases"].to_numpy(), 1)
    department = _in_name_order(products["department"])
    train, test = _in_splits(products, "train"), _in_splits(products, "test")
    known = test & _among(audited.spelling, train)
    answer = _commonest(audited.spelling[train], department[train], weights[train])
    right = np.zeros(len(test), np.bool_)
    right[known] = answer[audited.spelling[known]] == department[known]
    return audited.leakage.model_copy(
        update={
            "test_purchases": int(weights[test].sum()),
            "test_purchases_known": int(weights[known].sum()),
            "lookup_right": int(weights[right].sum()),
        }
    )


def _in_splits(products: pa.Table, *splits: str) -> Mask:
    found: Mask = pc.is_in(products["split"], pa.array(splits)).to_numpy()
    return found


def _among(keys: Numbers, rows: Mask) -> Mask:
    """Whether the key of each row is that of one of `rows`, [rows]."""
    seen = np.zeros(keys.max(initial=-1) + 1, np.bool_)
    seen[keys[rows]] = True
    return seen[keys]


def _near(keys: NameKeys, train: Mask, asked: Mask) -> Numbers:
    """For each row the first train row of a name nearly the same; -1 for none or not asked."""
    ours, theirs = np.unique(keys.spelling[asked]), np.unique(keys.spelling[train])
    found = near_duplicates(
        [keys.spellings[key] for key in ours], [keys.spellings[key] for key in theirs]
    )
    rows = np.flatnonzero(train)[::-1]
    first = np.full(len(keys.spellings), -1, np.int64)
    first[keys.spelling[rows]] = rows  # the last written stands, and that is the first row
    match = np.full(len(keys.spellings), -1, np.int64)
    match[ours[found >= 0]] = first[theirs[found[found >= 0]]]
    return np.where(asked, match[keys.spelling], -1)


def _in_name_order(column: pa.ChunkedArray) -> Numbers:
    """Each value's rank among the sorted values, [rows]."""
    encoded = column.combine_chunks().dictionary_encode()
    rank: Numbers = np.argsort(np.argsort(np.array(encoded.dictionary.to_pylist(), object)))
    return rank[numbers(encoded)]


def _commonest(names: Numbers, departments: Numbers, weights: Numbers) -> Numbers:
    """The department of most weight of each name, of equal ones the first; indexed by name."""
    span = departments.max(initial=0) + 1
    pairs, inverse = np.unique(names * span + departments, return_inverse=True)
    sums = np.bincount(inverse, weights)
    pairs = pairs[np.lexsort((pairs, -sums, pairs // span))]
    first = np.diff(pairs // span, prepend=-1) > 0
    answer = np.full(names.max(initial=-1) + 1, -1, np.int64)
    answer[pairs[first] // span] = pairs[first] % span
    return answer

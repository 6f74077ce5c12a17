"""A candidate Run against the champion, on products that neither has learned from.

predictions, predictions --join on id and name--> the same products --> accuracy, departments,
                                                                        moves, verdict
"""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag import __version__
from shelftag.errors import InputError
from shelftag.evaluation.comparison import Comparison, DepartmentChange, Lost, Move
from shelftag.evaluation.difference import paired_difference
from shelftag.evaluation.predictions import Predictions
from shelftag.evaluation.randomization import count
from shelftag.evaluation.regression import change, judge

KEY = ("id", "name")


def compare_predictions(
    champion: Predictions,
    candidate: Predictions,
    max_regression: float,
    allow_lost: bool,
    seed: int,
) -> Comparison:
    """Compare two Runs on the test products they share.

    Raises:
        InputError: they share no test product, or no department.
    """
    old, new = champion.origin, candidate.origin
    labels = tuple(name for name in new.labels if name in old.labels)
    gone = tuple(name for name in old.labels if name not in labels)
    before, after = _shared(champion.table, candidate.table, labels)
    filed, first, second = (
        np.array(column.to_pylist(), object)
        for column in (after["department"], before["chosen"], after["chosen"])
    )
    right = first == filed, second == filed
    return Comparison(
        shelftag=__version__,
        champion=old,
        candidate=new,
        rows=len(after),
        of=(len(champion.table), len(candidate.table)),
        refiled=int(pc.sum(pc.not_equal(before["department"], after["department"])).as_py()),
        labels=labels,
        champion_only=gone,
        candidate_only=tuple(name for name in new.labels if name not in labels),
        lost=_lost(champion.table["chosen"], gone),
        accuracy=(float(right[0].mean()), float(right[1].mean())),
        difference=paired_difference(right[1], right[0], seed),
        confidence=(_mean(before["confidence"]), _mean(after["confidence"])),
        departments=_departments(labels, filed, first, second, max_regression),
        moves=_moves(filed, first, second),
        max_regression=max_regression,
        allow_lost=allow_lost,
    )


def _lost(chosen: pa.ChunkedArray, gone: tuple[str, ...]) -> tuple[Lost, ...]:
    """Those of the departments `gone` that the champion chose for any of its test products."""
    products = Counter(chosen.to_pylist())
    return tuple(Lost(department=name, products=products[name]) for name in gone if products[name])


def _shared(old: pa.Table, new: pa.Table, labels: tuple[str, ...]) -> tuple[pa.Table, pa.Table]:
    """The same products, in the same order, of both."""
    if not labels:
        problem = "the two Runs have no department in common"
        raise InputError(problem, "compare Runs of one catalog")
    place = pc.index_in(_keys(new), value_set=_keys(old))
    found = pc.is_valid(place)
    before, after = old.take(place.drop_null()), new.filter(found)
    if not len(after):
        raise InputError(
            "the two Runs have 0 test products in common, by id and name",
            "compare Runs of one catalog, split alike",
        )
    known = pc.is_in(after["department"], value_set=pa.array(labels))
    if not pc.any(known).as_py():
        problem = f"no common test product is filed under {', '.join(labels)}"
        raise InputError(problem, "compare Runs of one catalog")
    return before.filter(known), after.filter(known)


def _keys(table: pa.Table) -> pa.Array:
    columns = [pc.cast(table[name], pa.string()) for name in KEY]
    return pc.binary_join_element_wise(*columns, "\n").combine_chunks()


def _mean(column: pa.ChunkedArray) -> float:
    return float(column.to_numpy().mean(dtype=np.float64))


def _departments(
    labels: tuple[str, ...],
    filed: NDArray[np.object_],
    first: NDArray[np.object_],
    second: NDArray[np.object_],
    allowed: float,
) -> tuple[DepartmentChange, ...]:
    counts = [count(first == name, second == name, filed == name) for name in labels]
    precisions = [change(one, "precision", allowed) for one in counts]
    recalls = [change(one, "recall", allowed) for one in counts]
    judged = judge([*precisions, *recalls], allowed)
    rows = zip(labels, counts, judged[: len(labels)], judged[len(labels) :], strict=True)
    return tuple(
        DepartmentChange(
            department=name,
            support=one.support,
            chosen=(sum(one.both + one.champion_only), sum(one.both + one.candidate_only)),
            precision=precision,
            recall=recall,
        )
        for name, one, precision, recall in rows
    )


def _moves(
    filed: NDArray[np.object_], first: NDArray[np.object_], second: NDArray[np.object_]
) -> tuple[Move, ...]:
    """(old, new) department -> products, where they differ."""
    moved = [
        (old, new, new == true, old == true)
        for old, new, true in zip(first, second, filed, strict=True)
        if old != new
    ]
    products = Counter((old, new) for old, new, _, _ in moved)
    mended = Counter((old, new) for old, new, right, _ in moved if right)
    spoiled = Counter((old, new) for old, new, _, right in moved if right)
    return tuple(
        Move(
            before=pair[0],
            after=pair[1],
            products=rows,
            mended=mended[pair],
            spoiled=spoiled[pair],
        )
        for pair, rows in products.most_common()
    )

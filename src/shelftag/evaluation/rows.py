"""Which products are scored."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import Split
from shelftag.errors import InputError
from shelftag.evaluation.scope import Scope


@dataclass(frozen=True)
class Rows:
    """n products of one split; `table` has their columns, `labels` [n] their positions."""

    scope: Scope
    table: pa.Table
    labels: NDArray[np.int64]


def read_rows(dataset: Dataset, split: Split, seed: int, at_most: int | None = None) -> Rows:
    """The products of a split in catalog order, or a seeded sample of them.

    Raises:
        InputError: there are none.
    """
    table = pq.read_table(dataset.products_file)
    unlabelled = table.filter(pc.field("split") == "unlabelled")["department"]
    manifest = dataset.manifest()
    table = table.filter(pc.field("split") == split)
    of = len(table)
    if not of:
        problem = f"the {split} split of {dataset.path} has 0 rows to score"
        raise InputError(problem, "prepare more products")
    if at_most is not None and of > at_most:
        drawn = np.random.default_rng(seed).choice(of, at_most, replace=False)
        table = table.take(np.sort(drawn))
    index = Departments(manifest.departments).index
    labels = [index[name] for name in table["department"].to_pylist()]
    scope = Scope(
        labels=manifest.departments,
        unlabelled=tuple(sorted(set(unlabelled.to_pylist()))),
        protocol=manifest.split_protocol,
        split=split,
        rows=len(table),
        of=of,
    )
    return Rows(scope, table, np.array(labels, np.int64))

"""Labelled products as a model reads them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import Split
from shelftag.catalog.text import text


@dataclass(frozen=True)
class Examples:
    """n products of one split."""

    texts: list[str]
    """Model inputs, [n]."""
    labels: NDArray[np.int64]
    """Positions in the label set, [n]."""
    weights: NDArray[np.float64]
    """`max(purchases, 1) ** count_alpha`, [n]."""
    aisles: NDArray[np.int64]
    """Positions among `aisle_names`, [n]; -1 where there is none."""
    aisle_names: tuple[str, ...]
    """The aisles there are, sorted."""

    def __len__(self) -> int:
        return len(self.texts)


def read_examples(
    dataset: Dataset, departments: Departments, split: Split, count_alpha: float
) -> Examples:
    """The products of a split, in catalog order."""
    table = pq.read_table(dataset.products_file, filters=pc.field("split") == split)
    aisle_names, aisles = _aisles(table)
    return Examples(
        texts=texts_of(table),
        labels=np.array([departments.index[name] for name in table["department"].to_pylist()]),
        weights=np.maximum(table["purchases"].to_numpy(), 1).astype(np.float64) ** count_alpha,
        aisles=aisles,
        aisle_names=aisle_names,
    )


def _aisles(table: pa.Table) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if "aisle" not in table.column_names:
        return (), np.full(len(table), -1)
    names = tuple(sorted(pc.unique(table["aisle"]).drop_null().to_pylist()))
    positions = pc.index_in(table["aisle"], value_set=pa.array(names, pa.string()))
    return names, positions.fill_null(-1).to_numpy().astype(np.int64)


def texts_of(table: pa.Table) -> list[str]:
    """Model inputs of products: `name`, and `description` where the table has one."""
    names = table["name"].to_pylist()
    if "description" not in table.column_names:
        return [text(name) for name in names]
    descriptions = table["description"].to_pylist()
    return [text(name, more) for name, more in zip(names, descriptions, strict=True)]

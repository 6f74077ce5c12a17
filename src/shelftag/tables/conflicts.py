"""Labels that contradict each other, and columns that give the label away."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.catalog.text import text
from shelftag.tables.name_keys import numbers

CANDIDATES = ("aisle", "source")


def conflicts(products: pa.Table) -> pa.Table:
    """Products whose name (and description) reads the same, under several departments.

    Args:
        products: rows of products.parquet; the unlabelled contradict nobody.

    Returns:
        text (as `catalog.text` reads it), id, name, department, and source where products has
        it; sorted, each product once.
    """
    products = products.filter(pc.field("split") != "unlabelled")
    rows = products.append_column("text", pa.array(_texts(products), pa.string()))
    rows = rows.filter(pa.array(_contradicted(rows)))
    names = ["text", "id", "name", "department", "source"]
    names = [name for name in names if name in rows.column_names]
    rows = rows.select(names).group_by(names).aggregate([])  # `row` repeats a product
    return rows.sort_by([(name, "ascending") for name in names])


def determining(products: pa.Table) -> tuple[str, ...]:
    """The columns of which every value has one department: never inputs of a model.

    A column of one value, or of as many as there are products, says nothing of the kind.
    """
    products = products.group_by(["id", *_candidates(products), "department"]).aggregate([])
    return tuple(name for name in _candidates(products) if _determines(products, name))


def _candidates(products: pa.Table) -> list[str]:
    return [name for name in CANDIDATES if name in products.column_names]


def _determines(products: pa.Table, name: str) -> bool:
    pairs = products.select([name, "department"]).drop_null()
    values = pc.count_distinct(pairs[name]).as_py()
    if not 2 <= values < products.num_rows:
        return False
    return bool(pairs.group_by([name, "department"]).aggregate([]).num_rows == values)


def _texts(products: pa.Table) -> list[str]:
    names = products["name"].to_pylist()
    if "description" not in products.column_names:
        return [text(name) for name in names]
    return list(map(text, names, products["description"].to_pylist()))


def _contradicted(rows: pa.Table) -> NDArray[np.bool_]:
    """Whether the text of a row stands under several departments, [rows]."""
    texts, departments = (_numbers(rows[name]) for name in ("text", "department"))
    span = departments.max(initial=0) + 1
    pairs = np.unique(texts * span + departments)
    contradicted: NDArray[np.bool_] = (np.bincount(pairs // span) > 1)[texts]
    return contradicted


def _numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return numbers(column.combine_chunks().dictionary_encode())

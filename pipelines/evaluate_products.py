"""The products of a Dataset, each once: those without a label, and those with one."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset
from shelftag.training.examples import texts_of


@dataclass(frozen=True)
class Products:
    """n products, each once."""

    table: pa.Table
    texts: list[str]
    """Model inputs, [n]."""

    @property
    def ids(self) -> list[str]:
        return [str(one) for one in self.table["id"].to_pylist()]

    @property
    def names(self) -> list[str]:
        names: list[str] = self.table["name"].to_pylist()
        return names

    @property
    def departments(self) -> list[str]:
        names: list[str] = self.table["department"].to_pylist()
        return names


def read_products(dataset: Dataset) -> tuple[Products, Products]:
    """Those without a label, and those with one; under the `row` split an id has several rows."""
    table = pq.read_table(dataset.products_file)
    codes = table["id"].combine_chunks().dictionary_encode().indices.to_numpy()
    table = table.take(pa.array(np.unique(codes, return_index=True)[1]))
    without = pc.field("split") == "unlabelled"
    parts = [table.filter(rows) for rows in (without, ~without)]
    unlabelled, labelled = (Products(part, texts_of(part)) for part in parts)
    return unlabelled, labelled

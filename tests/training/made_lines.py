"""The tiny catalog with order lines: each product bought once to seven times."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset

FILES = 3


def with_lines(tiny: Dataset, folder: Path) -> Dataset:
    """A copy whose products were all bought, and its lines in some files, in any order."""
    dataset = Dataset(copytree(tiny.path, folder))
    products = pq.read_table(dataset.products_file)
    purchases = 1 + np.arange(len(products)) % 7
    place = products.column_names.index("purchases")
    products = products.set_column(place, "purchases", pa.array(purchases))
    pq.write_table(products, dataset.products_file)
    lines = np.repeat(products["id"].to_numpy(), purchases)
    lines = np.random.default_rng(0).permutation(lines)
    dataset.order_lines_dir.mkdir()
    parts = tuple(f"{number}.parquet" for number in range(FILES))
    for part, ids in zip(parts, np.array_split(lines, FILES), strict=True):
        pq.write_table(pa.table({"product_id": ids}), dataset.order_lines_dir / part)
    counts = {"merged": len(lines), "kept": len(lines), "dropped": 0}
    dataset.publish(dataset.manifest().model_copy(update={"parts": parts, "order_lines": counts}))
    return dataset


def with_sides(dataset: Dataset) -> Dataset:
    """The same as `data.split=row` leaves it: lines have a side, every other one train's."""
    for file in dataset.order_lines_dir.iterdir():
        lines = pq.read_table(file)
        sides = pa.array(["train", "test"] * len(lines))[: len(lines)].dictionary_encode()
        pq.write_table(lines.append_column("split", sides), file)
    return dataset

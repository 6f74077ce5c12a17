"""A share of the train products, and figures of a department left out."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset
from tests.benchmarks.bench_curve import one_in
from tests.benchmarks.bench_new_department import figures


def test_one_in_so_many_train_products(tiny_dataset: Dataset, tmp_path: Path) -> None:
    part = one_in(tiny_dataset, 4, 0, tmp_path / "part")
    kept, whole = pq.read_table(part.products_file), pq.read_table(tiny_dataset.products_file)
    counts = {split: kept["split"].to_pylist().count(split) for split in ("train", "valid", "test")}
    splits = tiny_dataset.manifest().splits
    assert counts == part.manifest().splits == {**splits, "train": splits["train"] // 4}
    assert set(kept["id"].to_pylist()) < set(whole["id"].to_pylist())
    assert part.manifest().fingerprint != tiny_dataset.manifest().fingerprint


def test_figures_of_a_department_left_out() -> None:
    mine = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]], np.float32)
    before = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]], np.float32)
    after = np.array([[0.8, 0.1, 0.1], [0.3, 0.2, 0.5], [0.1, 0.5, 0.4], [0.6, 0.3, 0.1]])
    found = figures(mine, before, after.astype(np.float32), np.array([0, 0, 1, 1]))
    assert (found["products"], found["others"]) == (2, 4)
    assert (found["found"], found["found_in_top_3"]) == (0.5, 1.0)
    assert found["ranked_apart"] == 6 / 8  # of pairs, 0.7 is above all and 0.2 above two of four
    assert found["taken_from_others"] == 0.25
    assert (found["accuracy_before"], found["accuracy_after"]) == (0.75, 0.5)

"""Labels, splits and purchases of the catalog."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.catalog.split import Shares, split_of
from shelftag.errors import InputError
from shelftag.tables.products import (
    learned_departments,
    product_rows,
    splits,
    write_products,
)

UNLABELLED = ("missing", "other")


def products(names: list[str], departments: list[str]) -> pa.Table:
    count = len(names)
    return pa.table(
        {
            "product_id": pa.array(range(count), pa.int64()),
            "product_name": names,
            "aisle_id": pa.array([1] * count, pa.int64()),
            "department_id": pa.array([1] * count, pa.int64()),
            "aisle": ["shelf"] * count,
            "department": departments,
        }
    )


def test_departments_with_products_are_learned_in_order() -> None:
    catalog = products(["a", "b", "c", "d"], ["snacks", "missing", "bakery", "snacks"])
    assert learned_departments(catalog, UNLABELLED).names == ("bakery", "snacks")
    assert learned_departments(catalog, ()).names == ("bakery", "missing", "snacks")


def test_one_department_is_nothing_to_learn() -> None:
    catalog = products(["a", "b"], ["snacks", "missing"])
    with pytest.raises(InputError, match=r"the catalog has snacks beside .*missing, other"):
        learned_departments(catalog, UNLABELLED)


def test_splits_keep_token_sets_together() -> None:
    names = ["Greek Yogurt Vanilla", "vanilla greek YOGURT!", "Box", "???", " ??? "]
    catalog = products(names, ["dairy", "dairy", "missing", "snacks", "snacks"])
    departments = learned_departments(catalog, UNLABELLED)
    found = splits(catalog, departments, "token_set")
    assert found[0] == found[1] == split_of("greek vanilla yogurt")
    assert found[2] == "unlabelled"
    assert found[3] == found[4] == split_of("???")


def test_splits_by_product_go_by_id() -> None:
    catalog = products(["same"] * 50, ["snacks", "dairy"] * 25)
    found = splits(catalog, learned_departments(catalog, UNLABELLED), "product")
    assert found == [split_of(str(product_id)) for product_id in range(50)]
    assert len(set(found)) > 1


def test_rows_as_they_are_stored(tmp_path: Path) -> None:
    catalog = products(["a", "b"], ["snacks", "dairy"])
    catalog = catalog.append_column("description", pa.array(["x", None]))
    rows = product_rows(catalog, np.array([0, 5]), ["train", "test"])
    for file in ("one", "two"):
        write_products(rows, tmp_path / file)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    read = pq.read_table(tmp_path / "one")
    assert read.schema.field("id").type == read.schema.field("purchases").type == pa.int64()
    assert read.to_pylist() == [
        {
            "id": 0,
            "name": "a",
            "description": "x",
            "department": "snacks",
            "aisle": "shelf",
            "purchases": 0,
            "split": "train",
        },
        {
            "id": 1,
            "name": "b",
            "description": None,
            "department": "dairy",
            "aisle": "shelf",
            "purchases": 5,
            "split": "test",
        },
    ]


def test_by_row_a_product_has_a_row_for_each_split_with_lines() -> None:
    catalog = products(["a", "b", "c", "d"], ["snacks", "dairy", "missing", "snacks"])
    lines = np.array([[3, 0, 1, 0], [0, 0, 1, 0], [2, 0, 1, 4]])
    rows = product_rows(catalog, lines, ["valid", "test", "unlabelled", "train"])
    assert rows.select(["id", "name", "split", "purchases"]).to_pylist() == [
        {"id": 0, "name": "a", "split": "train", "purchases": 3},
        {"id": 0, "name": "a", "split": "test", "purchases": 2},
        {"id": 1, "name": "b", "split": "test", "purchases": 0},
        {"id": 2, "name": "c", "split": "unlabelled", "purchases": 3},
        {"id": 3, "name": "d", "split": "test", "purchases": 4},
    ]


def test_by_row_a_product_without_lines_goes_by_its_id() -> None:
    catalog = products(["same"] * 50, ["snacks", "dairy"] * 25)
    departments = learned_departments(catalog, UNLABELLED)
    found = splits(catalog, departments, "row")
    assert found == splits(catalog, departments, "product")
    rows = product_rows(catalog, np.zeros((3, 50), np.int64), found)
    assert rows["split"].to_pylist() == found


def test_shares_are_the_configs() -> None:
    catalog = products([f"name {i}" for i in range(50)], ["snacks", "dairy"] * 25)
    departments = learned_departments(catalog, UNLABELLED)
    assert set(splits(catalog, departments, "product", Shares(0.001, 0.998))) == {"valid"}

"""Labels, splits and purchases of the catalog."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Leakage
from shelftag.catalog.split import split_of
from shelftag.errors import InputError
from shelftag.tables.leakage import audit
from shelftag.tables.products import (
    learned_departments,
    product_rows,
    splits,
    token_key,
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


def test_audit_counts_what_stands_on_both_sides() -> None:
    rows = pa.table(
        {
            "name": ["Red Tea", "red  tea", "Tea Red", "Box", "Box", "Jam", "Jam"],
            "split": ["train", "test", "valid", "train", "unlabelled", "valid", "test"],
        }
    )
    assert audit(rows) == Leakage(spelling=1, token_set=1)


def test_audit_sees_only_token_sets_of_reordered_names() -> None:
    rows = pa.table({"name": ["Red Tea", "Tea Red"], "split": ["train", "test"]})
    assert audit(rows) == Leakage(token_set=1)


def test_a_name_without_letters_is_its_own_key() -> None:
    assert token_key("¿?") != token_key("!!") != ""
    assert token_key("Tea, red") == "red tea"

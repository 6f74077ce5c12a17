"""Products get their aisle's and department's names, or are rejected."""

from pathlib import Path

import numpy as np
import pytest

from shelftag.errors import InputError
from shelftag.tables.catalog import Catalog, read_catalog
from shelftag.tables.rejects import Reason
from shelftag.tables.sources import check_sources
from tests.tables.made import write_tables

HEADER = "product_id,product_name,aisle_id,department_id\n"


def catalog(folder: Path, **texts: str | bytes) -> Catalog:
    return read_catalog(check_sources(write_tables(folder, **texts)))


def test_products_are_sorted_and_joined(tmp_path: Path) -> None:
    products = catalog(tmp_path, products=HEADER + "9,B,2,20\n3,A,1,10\n").products
    assert products.column_names[-2:] == ["aisle", "department"]
    assert [tuple(row.values()) for row in products.to_pylist()] == [
        (3, "A", 1, 10, "fresh fruits", "produce"),
        (9, "B", 2, 20, "yogurt", "dairy eggs"),
    ]


def test_unknown_aisles_and_departments(tmp_path: Path) -> None:
    read = catalog(tmp_path, products=HEADER + "1,A,1,10\n2,B,7,10\n3,C,1,70\n4,D,7,70\n")
    assert read.products["product_id"].to_pylist() == [1]
    assert [row.reason for row in read.rejects] == [Reason.AISLE, Reason.DEPARTMENT, Reason.AISLE]
    assert read.read == {"aisles": 3, "departments": 4, "products": 4}
    assert read.taken == {"aisles": 3, "departments": 4, "products": 1}


def test_the_first_good_row_of_an_id_is_kept(tmp_path: Path) -> None:
    read = catalog(tmp_path, products=HEADER + "1,Bad,7,10\n1,First,1,10\n1,Second,1,10\n")
    assert read.products["product_name"].to_pylist() == ["First"]
    assert [row.reason for row in read.rejects] == [Reason.AISLE, Reason.DUPLICATE]


def test_a_catalog_without_a_good_row_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no row that can be taken \(2 x aisle does not exist"):
        catalog(tmp_path, products=HEADER + "1,A,7,10\n2,B,8,10\n3,,1,10\n")


def test_duplicate_aisles_and_departments(tmp_path: Path) -> None:
    read = catalog(tmp_path, aisles="aisle_id,aisle\n1,first\n1,second\n2,b\n3,c\n")
    assert read.products["aisle"].to_pylist()[0] == "first"
    assert [(row.table, row.reason) for row in read.rejects] == [("aisles", Reason.DUPLICATE)]


def test_a_description_is_carried(tmp_path: Path) -> None:
    header = HEADER.strip() + ",description\n"
    products = catalog(tmp_path, products=header + '1,A,1,10,"red, ripe"\n2,B,1,10,\n').products
    assert products["description"].to_pylist() == ["red, ripe", None]


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + HEADER.encode() + b"1,A,1,10\n"
    assert catalog(tmp_path, products=text.replace(b"\n", b"\r\n")).rejects == []


def test_equal_names_share_a_dictionary_entry_and_common_ones_are_first(tmp_path: Path) -> None:
    read = catalog(tmp_path, products=HEADER + "1,A,1,10\n2,A,2,20\n3,B,1,10\n4,C,2,10\n")
    names = read.dimension(np.array([1, 0, 0, 5])).columns["product_name"]
    assert names.dictionary.to_pylist() == ["C", "A", "B"]
    assert names.to_pylist() == ["A", "A", "B", "C"]

"""What cannot be read is refused before any work, in one line that says what and where."""

from pathlib import Path

import pytest

from shelftag.errors import InputError
from shelftag.tables.sources import check_sources
from tests.tables.made import TABLES, source, write_tables

ORDERS = TABLES["orders"]


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table(tmp_path: Path, name: str) -> None:
    (write_tables(tmp_path) / f"{name}.csv").unlink()
    with pytest.raises(InputError, match=rf"lacks {name}\.csv: put all six tables there"):
        check_sources(tmp_path)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere is not a folder: name the folder"):
        check_sources(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", r"orders\.csv is empty"),
        (ORDERS.splitlines()[0].encode() + b"\r\n\r\n", "has a header and no rows"),
        (ORDERS.replace("user_id", "customer").encode(), "lacks the column user_id.*customer"),
        (ORDERS.replace(",", ";").encode(), "lacks the column order_id"),
        (ORDERS.replace("user_id", "order_id").encode(), "lacks the column user_id"),
        (ORDERS.replace("user_id", "user_id,user_id").encode(), "column user_id twice"),
        (ORDERS.encode("utf-16"), "is not a CSV file in UTF-8"),
        (b"PK\x03\x04\0\0" + ORDERS.encode(), "is not a CSV file in UTF-8"),
        (b"{}\n" * 10, "lacks the column"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, text: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        check_sources(write_tables(tmp_path, orders=text))
    assert str(tmp_path / "orders.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_catalog(tmp_path: Path) -> None:
    header = "product_id,product_name,aisle_id,department_id\n"
    with pytest.raises(InputError, match=r"products\.csv has a header and no rows"):
        check_sources(write_tables(tmp_path, products=header))


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (write_tables(tmp_path) / "aisles.csv").unlink()
    (tmp_path / "aisles.csv").mkdir()
    with pytest.raises(InputError, match=r"aisles\.csv has no files"):
        check_sources(tmp_path)


def test_quoted_headers_a_byte_order_mark_and_other_columns(tmp_path: Path) -> None:
    text = '\ufeff"aisle_id","note","aisle"\r\n1,,fruits\r\n'
    aisles = source(tmp_path, "aisles", aisles=text)
    assert [column.name for column in aisles.columns] == ["aisle_id", "aisle"]
    assert aisles.places == (0, 2)
    assert Path(aisles.file.path).read_bytes()[aisles.body_start :] == b"1,,fruits\r\n"


def test_the_fingerprint_tells_files_apart(tmp_path: Path) -> None:
    sources = check_sources(write_tables(tmp_path))
    prints = {file.fingerprint() for (file,) in sources.values()}
    assert len(prints) == 6
    assert sources["orders"][0].fingerprint().startswith(f"{len(ORDERS)} bytes, ")
    longer = check_sources(write_tables(tmp_path, orders=ORDERS + "9,9,prior,1,0,0,\n"))
    assert longer["orders"][0].fingerprint() not in prints


def test_a_file_that_stands_twice_in_a_folder_is_refused(tmp_path: Path) -> None:
    tables = write_tables(tmp_path)
    orders = (tables / "orders.csv").read_bytes()
    (tables / "orders.csv").unlink()
    for name in ("a.csv", "a (copy).csv"):
        (tables / "orders").mkdir(exist_ok=True)
        (tables / "orders" / name).write_bytes(orders)
    with pytest.raises(InputError, match=r"are one file twice.*count twice"):
        check_sources(tables)

"""Corrections of labels: what is taken, what is not and why, and what a moved product keeps."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.artifacts import fingerprint
from shelftag.catalog.spreadsheet import spreadsheet_csv
from shelftag.errors import InputError
from shelftag.tables.overrides import Overridden, apply_overrides, check_overrides
from shelftag.tables.rejects import Reason

PRODUCTS = pa.table(
    {
        "product_id": [1, 2, 5, 9, 12],
        "product_name": ["Banana", "=Yogurt", "Ice Cream", "Mystery Box", "Crème Brûlée"],
        "aisle_id": [1, 2, 3, 4, 2],
        "department_id": [10, 20, 30, 40, 20],
        "aisle": ["fresh fruits", "yogurt", "ice", "missing", "yogurt"],
        "department": ["produce", "dairy eggs", "frozen", "missing", "dairy eggs"],
    }
)
UNLABELLED = ("missing", "other")
DEPARTMENTS = st.sampled_from(["produce", "Frozen", "other", ""]) | st.text(max_size=3)


def applied(folder: Path, *texts: str | bytes, products: pa.Table = PRODUCTS) -> Overridden:
    """The products after files of these texts."""
    files = [folder / f"{number}.csv" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (sources,) = check_overrides([str(file) for file in files]).values()
    return apply_overrides(products, sources, UNLABELLED)


def product(overridden: Overridden, row: int) -> tuple[object, ...]:
    """Its department and aisle, with their ids."""
    names = ("department", "department_id", "aisle", "aisle_id")
    return tuple(overridden.products[name][row].as_py() for name in names)


def test_a_moved_product_has_the_department_and_no_aisle_of_another(tmp_path: Path) -> None:
    found = applied(tmp_path, "id,department\n5,Dairy  EGGS\n9,frozen\n1,other\n")
    assert product(found, 2) == ("dairy eggs", 20, None, None)
    assert product(found, 3) == ("frozen", 30, None, None)
    assert product(found, 0) == ("other", None, None, None)  # none of the table's departments
    assert found.products.schema == PRODUCTS.schema
    assert found.products.select(["product_id", "product_name"]) == PRODUCTS.select([0, 1])


def test_an_aisle_of_both_departments_is_kept(tmp_path: Path) -> None:
    aisles = pa.array(["yogurt", "yogurt", "ice", None, "yogurt"])
    products = PRODUCTS.drop_columns(["aisle_id", "department_id"]).set_column(2, "aisle", aisles)
    found = applied(
        tmp_path, "id,department\n12,produce\n9,produce\n5,produce\n", products=products
    )
    assert found.products["aisle"].to_pylist() == ["yogurt", "yogurt", None, None, "yogurt"]
    assert found.products["department"].to_pylist()[2:] == ["produce"] * 3


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    text = (
        "rank,id,name,department,note\n"
        "1,1,BANANA ,frozen,moved\n"
        "2,2,'=Yogurt,dairy eggs,stands there\n"
        "3,5,Ice Cream,,not decided\n"
        "4,77,,frozen,no product\n"
        "5,9,Other Box,frozen,stale\n"
        "6,12,,sweets,no department\n"
        "7,,,frozen,no id\n"
        "8,12\n"
        "9,99,,,not decided and no product\n"
    )
    found = applied(tmp_path, text)
    (account,) = found.accounts
    assert account.model_dump() == {
        "file": str(tmp_path / "0.csv"),
        "fingerprint": fingerprint(text),
        "rows": 9,
        "applied": 1,
        "unchanged": 1,
        "skipped": 2,
        "rejected": 5,
    }
    assert {(row.reason, row.raw[0]) for row in found.rejects} == {
        (Reason.PRODUCT, "4"),
        (Reason.STALE, "5"),
        (Reason.DEPARTMENT, "6"),
        (Reason.EMPTY, "7"),
        (Reason.FIELDS, "8"),
    }
    assert {row.table for row in found.rejects} == {"label overrides"}


def test_one_file_does_not_contradict_itself(tmp_path: Path) -> None:
    found = applied(tmp_path, "id,department\n1,frozen\n1,dairy eggs\n5,produce\n5,Produce\n")
    assert [row.reason for row in found.rejects] == [Reason.CONTRADICTION] * 2
    assert product(found, 0)[0] == "produce"
    assert product(found, 2)[0] == "produce"
    assert (found.accounts[0].applied, found.accounts[0].unchanged) == (1, 1)


def test_a_later_file_stands(tmp_path: Path) -> None:
    found = applied(tmp_path, "id,department\n1,frozen\n", "id,department\n1,produce\n")
    assert product(found, 0) == ("produce", 10, None, None)  # its aisle went with the first
    assert [one.applied for one in found.accounts] == [1, 1]


@given(st.lists(st.tuples(st.sampled_from([1, 5, 9, 12, 7]), DEPARTMENTS), min_size=1))
def test_accounts_close_for_any_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = [(2, "dairy eggs"), *rows]
    found = applied(folder, spreadsheet_csv(("id", "department"), rows))
    (one,) = found.accounts
    assert one.rows == one.applied + one.unchanged + one.skipped + one.rejected
    assert one.rejected == len(found.rejects)
    moved = zip(found.products["department"], PRODUCTS["department"], strict=True)
    assert one.applied == sum(after != before for after, before in moved)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("id,department\n", "has a header and no rows"),
        ("id,suggested\n1,frozen\n", "lacks the column department"),
        ("id;department\n1;frozen\n", "lacks the column id, department"),
        ("id,department,department\n1,a,b\n", "has the column department twice"),
        ("naïve id,department\n1,frozen\n".encode("latin-1"), "is not a CSV file in UTF-8"),
        ("id,department\n77,frozen\n", r"no row that can be taken \(1 x product does not exist\)"),
        (b"id,department\n1,caf\xe9\n", "1 x broken UTF-8"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str | bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        applied(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv is not there: mend its path"):
        check_overrides([str(tmp_path / "none.csv")])
    with pytest.raises(InputError, match="is a folder: name a file"):
        check_overrides([str(tmp_path)])
    assert check_overrides([]) == {}

"""DATASET/report.html: what it says, and what it leaves out."""

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.artifacts import Dataset, Leakage, Statistics, TableAccount
from shelftag.report.page import Page, render
from shelftag.tables.report import accounted, leakage, page, write_report
from tests.tables.made_report import ATTACK, LEAKING, manifest, products

SECTIONS = [
    "What became of the order lines",
    "What became of the other tables",
    "Null shares",
    "Purchases by department",
    "Products by department",
    "Orders by weekday and hour",
    "Basket sizes",
    "Popularity of products",
    "Name lengths in words",
    "Name lengths in tokens",
    "Split",
    "Leakage",
    "Nearly the same name",
    "Rejected rows",
]


def sections(report: Page) -> list[str]:
    """The titles of drawings and tables."""
    return [*(one.title for one in report.drawings), *(one.title for one in report.tables)]


def test_shows_everything_in_order() -> None:
    assert sections(page(manifest(), products())) == SECTIONS


def test_first_line_says_that_rows_are_all_there_and_nothing_leaks() -> None:
    report = page(manifest(), products())
    assert report.tone == "good"
    assert report.verdict == (
        "Every one of 37,290,032 rows is accounted for. "
        "Token-set split: no held-out product has the same set of words as a train product. "
        "312 are nearly the same."
    )


def test_what_leaks_is_called_so() -> None:
    leaking = manifest(leakage=LEAKING, split_protocol="row")
    assert page(leaking, products()).tone == "bad"
    assert leakage(leaking) == (
        "Row split: LEAKS: looking names up in train answers 99.9% of test lines."
    )


def test_words_that_are_known_leak_without_a_name_that_is() -> None:
    known = Leakage(held_out=50, token_set=3, near=3, test_purchases=50)
    leaking = manifest(leakage=known, split_protocol="product")
    assert page(leaking, products()).tone == "bad"
    assert leakage(leaking) == (
        "Product split: LEAKS: 3 of 50 held-out products have the words of a train product."
    )


def test_nothing_held_out_is_said() -> None:
    nothing = manifest(leakage=Leakage())
    assert page(nothing, products()).tone == "neutral"
    assert "no product is held out" in leakage(nothing)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_rows_are_missing_when_an_account_does_not_add_up(
    read: int, merged: int, rejected: int, kept: int
) -> None:
    account = TableAccount(read=read, merged=merged, rejected=rejected)
    of_one = manifest(
        tables={"order_products__prior": account},
        order_lines={"merged": merged, "kept": kept, "dropped": 2},
        reject_reasons={"text in a number": rejected},
    )
    balanced = read == merged + rejected and merged == kept + 2
    assert accounted(of_one).startswith("Every one") == balanced


def test_rejects_without_a_reason_are_missing_rows() -> None:
    report = page(manifest(reject_reasons={}), products())
    assert report.verdict.startswith("ROWS ARE MISSING: the accounts of reject reasons do not")
    assert report.tone == "bad"


def test_catalog_without_orders_leaves_out_what_is_of_orders() -> None:
    catalog = manifest(
        tables={"shop": TableAccount(read=400, merged=400, rejected=0)},
        order_lines={},
        reject_reasons={},
        statistics=Statistics(words=(0, 400)),
        leakage=Leakage(),
    )
    without = products()
    without = without.set_column(4, "purchases", pa.array([0] * without.num_rows, pa.int64()))
    report = page(catalog, without)
    assert sections(report) == [
        "What became of the catalogs",
        "Products by department",
        "Name lengths in words",
        "Split",
    ]
    assert [tile.label for tile in report.tiles] == ["products", "departments", "rejected"]
    assert render(report)


def test_department_without_a_product_in_a_split_is_said() -> None:
    split = next(table for table in page(manifest(), products()).tables if table.title == "Split")
    assert split.caption.startswith("department 2 has no product in test.")
    assert ("department 2", "328", "250", "78", "0", "0") in split.rows


def test_product_in_several_splits_is_one_product() -> None:
    rows = products()
    twice = pa.concat_tables([rows, rows])
    titles = {one.title: one.scope for one in page(manifest(split_protocol="row"), twice).drawings}
    assert titles["Products by department"] == "400 in 4 departments."
    total = 2 * int(rows["purchases"].to_numpy().sum())
    assert titles["Purchases by department"] == f"{total:,} in 4 departments."


def test_departments_too_many_to_draw_are_summed_up() -> None:
    drawn = {one.title: one for one in page(manifest(), products(400, 50)).drawings}
    scope = drawn["Products by department"].scope
    assert scope == "400 in 50 departments. Not drawn: 20 smaller ones with 160 together."


def test_popularity_names_the_most_bought() -> None:
    purchases = np.ones(200, np.int64)
    purchases[[3, 7]] = 101
    rows = products(200).set_column(4, "purchases", pa.array(purchases))
    drawn = {one.name: one for one in page(manifest(), rows).drawings}
    assert "The 1% bought most have 50.5% of the purchases." in drawn["popularity"].caption


def test_names_are_escaped() -> None:
    html = render(page(manifest(), products()))
    assert ATTACK not in html
    assert "<script" not in html
    assert "<img" not in html


def test_is_written_into_the_dataset_and_goes_with_it(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path / "dataset")
    dataset.begin()
    write_report(dataset, manifest(), products())
    assert dataset.report_file.read_text(encoding="utf-8").startswith("<!doctype html>")
    dataset.begin()
    assert not dataset.report_file.exists()


@pytest.mark.parametrize("number", [0, 1])
def test_hardly_any_products_are_no_error(number: int) -> None:
    assert render(page(manifest(), products(number)))


def test_full_catalog_takes_a_second_at_most() -> None:
    rows = products(49_688, 21)
    page(manifest(), rows)  # matplotlib's import and fonts

    def cpu_seconds() -> float:
        started = time.process_time()
        render(page(manifest(), rows))
        return time.process_time() - started

    assert min(cpu_seconds() for _ in range(3)) < 1.0

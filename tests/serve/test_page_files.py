"""Files that go into the page and come out of it, in a real browser."""

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from shelftag.catalog.spreadsheet import spreadsheet_csv, unguarded
from shelftag.tables.overrides import apply_overrides, check_overrides
from tests.catalog.test_spreadsheet import CELLS
from tests.serve.conftest import OpenPage, accept_all, rows, take_file

NASTY = [
    "=1+1",
    "+A1",
    "-2",
    "@x",
    "a;=1",
    "'=q",
    "\uff1d1",
    "x, y",
    'a "b"',
    "two\nlines",
    "  ",
    "日本",
]


@pytest.fixture(scope="module")
def modules(browser: Browser, shop: str) -> Page:
    """A page whose modules are asked one by one."""
    page = browser.new_page()
    page.goto(shop)
    return page


def read(page: Page, content: bytes | str, name: str = "shop.csv") -> Any:
    """What the page makes of a file: a catalog, or the words of its complaint."""
    data = list(content.encode() if isinstance(content, str) else content)
    return page.evaluate(
        """async ([data, name]) => {
          const { read } = await import("./web/catalog.js");
          try { return await read(new File([new Uint8Array(data)], name)); }
          catch (error) { return error.message; }
        }""",
        [data, name],
    )


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_written_csv_is_that_of_our_reports(modules: Page, cells: list[list[str]]) -> None:
    written = modules.evaluate(
        """async ([columns, rows]) =>
          (await import("./web/spreadsheet.js")).spreadsheetCsv(columns, rows)""",
        [["id", "name"], cells],
    )
    assert written == spreadsheet_csv(("id", "name"), cells)


FIELDS = st.text(st.sampled_from('a",;\t\r\n') | st.characters(codec="utf-8"), max_size=5)


@given(st.lists(st.lists(FIELDS, min_size=2, max_size=4), max_size=20), st.sampled_from(",;\t"))
@settings(max_examples=30, deadline=None)
def test_records_are_those_that_python_reads(
    modules: Page, table: list[list[str]], delimiter: str
) -> None:
    """Of what is written by the rules, and of what stands there without any."""
    lines = io.StringIO()
    csv.writer(lines, delimiter=delimiter).writerows(table)
    loose = "\n".join(delimiter.join(row) for row in table).replace('"', "")
    for text in (lines.getvalue(), loose):
        found = modules.evaluate(
            """async ([text, delimiter]) =>
              (await import("./web/csv.js")).records(text, delimiter).map((one) => one.fields)""",
            [text, delimiter],
        )
        expected = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        assert found == [row for row in expected if row not in ([], [""])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiter_line_ends_and_columns_are_found(modules: Page, delimiter: str, end: str) -> None:
    table = [["SKU", "Price", "Product Name", "Details"], ["7", '"1,5"', '"Tea; ""x"""', '"a\tb"']]
    text = end.join(delimiter.join(row) for row in table) + end
    found = read(modules, b"\xef\xbb\xbf" + text.encode())
    assert found["columns"] == ["SKU", "Price", "Product Name", "Details"]
    assert found["rows"][0]["fields"] == ["7", "1,5", 'Tea; "x"', "a\tb"]
    assert found["roles"] == {"name": 2, "id": 0, "description": 3}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "shop.csv is empty"),
        (b"\xef\xbb\xbf\r\n \n", "shop.csv is empty"),
        (b"id,name\n", "shop.csv has a header and no products"),
        (b"id,name\n1,Tea\n2,Cr\xe8me\n", "shop.csv is not UTF-8 (line 3)"),
        ("id,name\n1,Tea\n".encode("utf-16"), "shop.csv is UTF-16, not UTF-8"),
        (b"PK\x03\x04\x14\x00", "shop.csv is a workbook or an archive, not a CSV"),
        (b"id,name\n1,a\x00b\n", "shop.csv is not a CSV: it holds binary data"),
        (b'id,name\n1,"Tea\n2,Oats\n', "shop.csv: the quote opened on line 2 is never closed"),
    ],
)
def test_a_file_that_cannot_be_taken_is_complained_of(
    modules: Page, content: bytes, complaint: str
) -> None:
    assert read(modules, content).startswith(complaint)


def test_a_hundred_thousand_products_are_taken_and_no_more(modules: Page) -> None:
    found = modules.evaluate(
        """async () => {
          const { read } = await import("./web/catalog.js");
          const made = (rows) => read(new File(["name\\n" + "x\\n".repeat(rows)], "shop.csv"));
          const most = (await made(100_000)).rows.length;
          return [most, await made(most + 1).catch((error) => error.message)];
        }"""
    )
    assert found[0] == 100_000
    assert found[1].startswith("shop.csv has more than 100,000 products; this page takes 100,000.")


def test_records_behind_the_most_are_not_read(modules: Page) -> None:
    """They would fill the memory, only to be refused: the broken one at the end is not met."""
    found = modules.evaluate(
        """async () => {
          const { read } = await import("./web/catalog.js");
          const text = "name\\n" + "x\\n".repeat(100_001) + '"never closed';
          return read(new File([text], "shop.csv")).catch((error) => error.message);
        }"""
    )
    assert found.startswith("shop.csv has more than 100,000 products; this page takes 100,000.")


def test_a_file_without_a_header_is_all_products(modules: Page) -> None:
    found = read(modules, "1,Rye Bread\n2,Tea\n")
    assert found["columns"] == ["column 1", "column 2"]
    assert [row["fields"] for row in found["rows"]] == [["1", "Rye Bread"], ["2", "Tea"]]
    assert found["roles"]["name"] == 1
    assert found["notes"] == ["The first row names no columns: it is taken as a product."]


def test_a_header_of_unusual_names_is_told(modules: Page) -> None:
    found = read(modules, "Artikel,Preis\n1,2\n")
    assert found["columns"] == ["Artikel", "Preis"]
    assert found["notes"][0].startswith("The first row is taken as names of columns")


def test_rows_of_another_width_are_kept_and_complained_of(modules: Page) -> None:
    found = read(modules, 'id,name,note\n1,Tea\n\n2,"O\nats",x\n3,a,b,c,d\n')
    assert [row["fields"] for row in found["rows"]] == [
        ["1", "Tea", ""],
        ["2", "O\nats", "x"],
        ["3", "a", "b,c,d"],
    ]
    first, good, last = (row["problem"] for row in found["rows"])
    assert first == "line 2 has 2 fields, the first has 3"
    assert good is None
    assert last == "line 6 has 5 fields, the first has 3"
    assert found["notes"] == [f"2 rows will not be tagged: {first}, and so on."]


def test_a_csv_comes_back_with_its_columns_and_tags(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    table = [[str(place), name, name[::-1]] for place, name in enumerate(NASTY)]
    take_file(page, spreadsheet([["no", "name", "note"], *table]) + "99,short\n")
    expect(page.locator("#columns-notes")).to_contain_text("1 row will not be tagged")
    page.get_by_role("button", name="Tag 13 products").click()
    expect(page.locator("#live")).to_contain_text("Done")
    header, *found = download(page, "Download result", tmp_path / "shop-tags.csv")
    assert header == ["no", "name", "note", "department", "confidence", "status", "alternatives"]
    assert [row[:3] for row in found] == [*table, ["99", "short", ""]]
    others = (
        '[{"department":"bakery","confidence":0.25},{"department":"produce","confidence":0.125}]'
    )
    tag = ["pets", "0.5", "review", others]
    blank = ["", "", "error (the name is blank)", ""]
    short = ["", "", "error (line 16 has 2 fields, the first has 3)", ""]
    assert [row[3:] for row in found] == [
        *(blank if name == "  " else tag for name in NASTY),
        short,
    ]


def test_columns_that_are_there_already_keep_their_names(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    take_file(page, "name,department\nSure tea,drinks\n")
    page.get_by_role("button", name="Tag 1 product").click()
    expect(page.locator("#live")).to_contain_text("Done")
    header, row = download(page, "Download result", tmp_path / "shop-tags.csv")
    assert header[:3] == ["name", "department", "shelftag_department"]
    assert row[:3] == ["Sure tea", "drinks", "pets"]


def test_a_result_can_be_tagged_again_and_again(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    text = "name\nSure tea\n"
    for _ in range(3):
        take_file(page, text)
        page.get_by_role("button", name="Tag 1 product").click()
        expect(page.locator("#live")).to_contain_text("Done")
        found = download(page, "Download result", tmp_path / "shop-tags.csv")
        text = spreadsheet(found)
    header, row = found
    assert len(set(header)) == len(header) == len(row) == 13
    assert header[1::4] == ["department", "shelftag_department", "shelftag_shelftag_department"]


def test_corrections_are_what_prepare_takes(open_page: OpenPage, tmp_path: Path) -> None:
    """Through its own reader; the file is taken without a complaint."""
    page = open_page()
    products = [["=7", "=Yogurt; -vanilla"], ["8", 'Tea "black"'], ["9", "Cat\nfood"]]
    take_file(page, spreadsheet([["id", "name"], *products]))
    page.get_by_role("button", name="Tag 3 products").click()
    expect(page.locator("#live")).to_contain_text("Done")
    expect(page.get_by_role("button", name="Download corrections")).to_be_disabled()
    for letter in ("p", "b", "p"):
        page.keyboard.press(letter)
        page.keyboard.press("Enter")
    file = tmp_path / "shop-corrections.csv"
    assert download(page, "Download corrections", file) == [
        ["id", "name", "department"],
        [*products[0], "pets"],
        [*products[1], "bakery"],
        [*products[2], "pets"],
    ]
    ids, names = zip(*products, strict=True)
    old = pa.array(["produce", "pets", "pets"])
    catalog = pa.table({"product_id": ids, "product_name": names, "aisle": old, "department": old})
    (sources,) = check_overrides([str(file)]).values()
    shelf = pa.table(
        {"product_id": ["1"], "product_name": ["Rye"], "aisle": ["bread"], "department": ["bakery"]}
    )
    moved = apply_overrides(pa.concat_tables([catalog, shelf]), sources, ())
    assert moved.products["department"].to_pylist() == ["pets", "bakery", "pets", "bakery"]
    assert (moved.accounts[0].applied, moved.accounts[0].unchanged) == (2, 1)
    assert not moved.rejects


def test_what_was_accepted_is_a_correction_and_no_change(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page()
    take_file(page, "id,name\n1,Tea\n2,Sure oats\n3,Green tea\n")
    page.get_by_role("button", name="Tag 3 products").click()
    expect(page.locator("#live")).to_contain_text("Done")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    accept_all(page)
    expect(page.locator("#live")).to_have_text("Accepted: 1 product.")
    found = download(page, "Download corrections", tmp_path / "shop-corrections.csv")
    assert found[1:] == [["1", "Tea", "bakery"], ["3", "Green tea", "pets"]]
    _, *tags = download(page, "Download result", tmp_path / "shop-tags.csv")
    assert [row[2:5] for row in tags] == [
        ["bakery", "", "corrected"],
        ["pets", "0.5", "tagged"],
        ["pets", "0.5", "confirmed"],
    ]


def test_corrections_that_cannot_be_taken_are_told(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    take_file(page, "id,name\n1,Tea\n1,Tea\n,Oats\n")
    page.get_by_role("button", name="Tag 3 products").click()
    expect(page.locator("#live")).to_contain_text("Done")
    for letter in ("p", "b", "p"):
        page.keyboard.press(letter)
        page.keyboard.press("Enter")
    found = download(page, "Download corrections", tmp_path / "shop-corrections.csv")
    assert found[1:] == [["1", "Tea", "pets"], ["1", "Tea", "bakery"]]
    expect(page.get_by_role("alert")).to_contain_text("having no id: 1 product.")
    expect(page.get_by_role("alert")).to_contain_text(
        "Of two departments, which prepare rejects: id 1."
    )


def test_ids_can_be_named_after_tagging(open_page: OpenPage) -> None:
    page = open_page()
    take_file(page, "name,number\nTea,7\n")
    page.get_by_role("button", name="Tag 1 product").click()
    expect(page.locator("#live")).to_contain_text("Done")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator("#corrections-note")).to_be_visible()
    expect(page.get_by_role("button", name="Download corrections")).to_be_disabled()
    page.locator("#column-id").select_option("number")
    expect(rows(page).first).to_contain_text("7")
    expect(page.get_by_role("button", name="Download corrections")).to_be_enabled()


def test_a_dropped_file_is_taken_and_a_bad_one_complained_of(open_page: OpenPage) -> None:
    page = open_page()
    drop(page, "title\nTea\n")
    expect(page.locator("#columns-title")).to_have_text("dropped.csv: 1 product")
    expect(page.get_by_role("button", name="Tag 1 product")).to_be_focused()
    drop(page, "")
    expect(page.get_by_role("alert")).to_contain_text("dropped.csv is empty.")
    expect(page.locator("#columns")).to_be_hidden()


@pytest.mark.parametrize("slow", ["title\nTea\nOats\n", ""])
def test_of_two_files_the_later_one_stays(open_page: OpenPage, slow: str) -> None:
    """However long the first one takes to read, and whatever is wrong with it."""
    page = open_page()
    page.evaluate(SLOW)
    drop(page, slow, "slow.csv")
    drop(page, "title\nTea\n")
    expect(page.locator("#columns-title")).to_have_text("dropped.csv: 1 product")
    page.evaluate("arrive()")
    expect(page.locator("#columns-title")).to_have_text("dropped.csv: 1 product")
    expect(page.locator("#columns")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


SLOW = """() => {
  const read = File.prototype.arrayBuffer;
  const gate = new Promise((open) => (window.open_gate = open));
  let slow = null;
  File.prototype.arrayBuffer = function () {
    if (this.name !== "slow.csv") return read.call(this);
    return (slow = gate.then(() => read.call(this)));
  };
  window.arrive = async () => {
    window.open_gate();
    await slow;
    await new Promise((resolve) => setTimeout(resolve)); // the page has what it was waiting for
  };
}"""


def drop(page: Page, text: str, name: str = "dropped.csv") -> None:
    page.evaluate(
        """([text, name]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], name));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
        }""",
        [text, name],
    )


def spreadsheet(table: list[list[str]]) -> str:
    """As others write a CSV, unguarded."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\r\n").writerows(table)
    return lines.getvalue()


def download(page: Page, button: str, file: Path) -> list[list[str]]:
    """Rows of a downloaded CSV, without their guard; the raw cells must have one."""
    with page.expect_download() as found:
        page.get_by_role("button", name=button).click()
    assert found.value.suggested_filename == file.name
    found.value.save_as(file)
    text = file.read_bytes().decode()
    assert text.startswith("\ufeff")
    cells = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert text == spreadsheet_csv(cells[0], [map_unguarded(row) for row in cells[1:]])
    return [map_unguarded(row) for row in cells]


def map_unguarded(row: list[str]) -> list[str]:
    return [unguarded(cell) for cell in row]

"""Catalogs of shops: any columns, any departments, merged into one."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shelftag.config import parse_config
from shelftag.config.data import ShopConfig
from shelftag.errors import ConfigError, InputError
from shelftag.tables import bulk
from shelftag.tables.bulk import read_bulk
from shelftag.tables.parse import table_of
from shelftag.tables.records import read_records, unique_records
from shelftag.tables.rejects import Reason
from shelftag.tables.shops import Shops, check_shops, read_shops

COLUMNS = {"id": "sku", "name": "title", "department": "category", "count": "sold"}
HEADER = "sku,title,category,sold\n"
MARKET = pa.table(
    {
        "ref": pa.array([7, 8, 7, 9], pa.int64()),
        "product": ["Milk", "Gala apples", "Twice", "Odd\0"],
        "section": ["Dairy", "", "Dairy", "Dairy"],
        "info": ["Whole", "", None, "NUL"],
    }
)


def shop(**settings: Any) -> ShopConfig:
    given = {"name": "corner", "path": "corner.csv", "columns": COLUMNS, **settings}
    data = {"source": "catalog", "catalogs": [given]}
    return parse_config({"data": data}).data.catalogs[0]


def read(folder: Path, body: str | bytes, **settings: Any) -> Shops:
    data = body if isinstance(body, bytes) else body.encode()
    (folder / "corner.csv").write_bytes(HEADER.encode() + data)
    shops = [shop(**settings)]
    return read_shops(check_shops(folder, shops), shops)


def two_shops(folder: Path, **settings: Any) -> Shops:
    (folder / "corner.csv").write_text(HEADER + '00-12A,"Apples, red",Fruit & Veg,5\n')
    (folder / "market").mkdir()
    pq.write_table(MARKET, folder / "market" / "a.parquet")
    columns = {"id": "ref", "name": "product", "department": "section", "description": "info"}
    shops = [
        shop(departments={"fruit  & VEG": "Produce"}),
        shop(name="market", path="market", columns=columns, **settings),
    ]
    return read_shops(check_shops(folder, shops), shops)


def test_two_shops_are_one_catalog(tmp_path: Path) -> None:
    found = two_shops(tmp_path)
    columns = ["product_id", "product_name", "description", "department", "aisle", "source"]
    assert found.products.select(columns).to_pylist() == [
        dict(zip(columns, row, strict=True))
        for row in (
            ("corner/00-12A", "Apples, red", None, "produce", None, "corner"),
            ("market/7", "Milk", "Whole", "dairy", None, "market"),
            ("market/8", "Gala apples", None, "missing", None, "market"),
        )
    ]
    assert found.counts.tolist() == [5, 0, 0]
    assert found.read == {"corner": 1, "market": 4}
    assert found.taken == {"corner": 1, "market": 2}
    assert [(row.table, row.position, row.reason) for row in found.rejects] == [
        ("market", 3, Reason.NUL),
        ("market", 2, Reason.DUPLICATE),
    ]


def test_departments_are_one_but_for_case_and_white_space(tmp_path: Path) -> None:
    body = "1,a,Produce,\n2,b, produce ,\n3,c,TINS,\n4,d,Dairy  Eggs,\n5,e,To do,\n6,f,,\n"
    found = read(tmp_path, body, departments={"tins": "Canned Goods", "To do": None, "Wine": "x"})
    departments = found.products["department"].to_pylist()
    assert departments == [
        *("produce", "produce", "canned goods", "dairy eggs", "missing", "missing")
    ]
    assert found.unused == {"corner": ["Wine"]}


def test_a_map_that_contradicts_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="maps ' TINS' to 'pets' and to 'canned'"):
        read(tmp_path, "1,a,b,\n", departments={"Tins": "canned", " TINS": "pets"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A,b", Reason.FIELDS),
        ("1,A, comma,b,5", Reason.FIELDS),
        (",A,b,5", Reason.EMPTY),
        ("1,,b,5", Reason.EMPTY),
        ('1,"  ",b,5', Reason.EMPTY),
        ("1,A,b,many", Reason.NUMBER),
        ("1,A,b,1.5", Reason.NUMBER),
        ("1,A,b,-1", Reason.RANGE),
        ("1,A,b,1000000000001", Reason.RANGE),
        ("1,A\0B,b,5", Reason.NUL),
        (b"1,Caf\xe9,b,5", Reason.UTF8),
        ('1,"A,b,5', Reason.QUOTES),
        ("7,A,b,5", Reason.DUPLICATE),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_stay(
    tmp_path: Path, row: str | bytes, reason: Reason
) -> None:
    data = row if isinstance(row, bytes) else row.encode()
    found = read(tmp_path, b'7,Before,b,1\r\n%s\r\n8,"Aft""er\n, all",b,\r\n' % data)
    assert found.products["product_name"].to_pylist() == ["Before", 'Aft"er\n, all']
    (reject,) = found.rejects
    assert (reject.table, reject.reason) == ("corner", reason)
    assert reject.file == str(tmp_path / "corner.csv")
    assert reject.position == len(HEADER) + len("7,Before,b,1\r\n")
    assert reject.raw == data.decode(errors="backslashreplace")
    assert found.read["corner"] == found.taken["corner"] + 1


def test_a_truncated_last_line_and_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "corner.csv").write_bytes(f"\ufeff{HEADER}1,A,b,5\n2,B".encode())
    shops = [shop()]
    found = read_shops(check_shops(tmp_path, shops), shops)
    assert found.products["product_id"].to_pylist() == ["corner/1"]
    assert [row.reason for row in found.rejects] == [Reason.TRUNCATED]


def test_the_first_of_an_id_is_kept_across_files(tmp_path: Path) -> None:
    (tmp_path / "corner").mkdir()
    for file, rows in {"a": "1,A,x,\n2,B,x,\n", "b": "3,C,x,\n1,D,x,\n2,E,x,\n"}.items():
        (tmp_path / "corner" / f"{file}.csv").write_text(HEADER + rows)
    shops = [shop(path="corner/")]
    found = read_shops(check_shops(tmp_path, shops), shops)
    assert found.products["product_name"].to_pylist() == ["A", "B", "C"]
    assert [(Path(row.file).name, row.raw) for row in found.rejects] == [
        ("b.csv", "1,D,x,"),
        ("b.csv", "2,E,x,"),
    ]


def test_a_catalog_of_bad_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no row that can be taken .2 x empty value"):
        read(tmp_path, ",A,b,\n1,,b,\n")


FIELD = st.text(st.sampled_from('a"X,é \t\n\r\0\x1c\u2003'), max_size=6) | st.just("5")
LINE = st.lists(FIELD, min_size=3, max_size=5).map(",".join)
GOOD = st.tuples(st.integers(0, 40), st.sampled_from(["A", '"B, ""C"""', "é", '"D\nE"'])).map(
    lambda row: f"{row[0]},{row[1]},x,3"
)


@pytest.mark.parametrize("block_bytes", [1, 20, 2**15])
@given(lines=st.lists(GOOD | LINE, min_size=1, max_size=6), end=st.sampled_from(["\n", "\r\n"]))
@example(lines=['1,"a', 'b",x,3', "2,c,x,3"], end="\n")
@example(lines=["1,a\rb,x,3", "", "2,c,x,3"], end="\n")
def test_in_blocks_it_is_what_it_is_row_by_row(
    block_bytes: int, lines: list[str], end: str
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BLOCK_BYTES", block_bytes)
        file = Path(folder, "corner.csv")
        file.write_bytes((HEADER + end.join(["0,A,x,3", *lines])).encode())
        sources = check_shops(folder, [shop()])["corner"]
        found, slow = read_bulk(sources), unique_records(read_records(sources))
    values = [record.values for record in slow.good]
    assert found.rows.equals(table_of(values, sources[0].columns))
    assert sorted(found.rejects) == sorted(slow.rejects)
    assert found.read == len(slow.good) + len(slow.rejects)

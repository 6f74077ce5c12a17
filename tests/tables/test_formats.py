"""The same tables in every form of file give the same rows."""

import gzip
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from shelftag.errors import Failed, InputError
from shelftag.tables.catalog import read_catalog
from shelftag.tables.dimension import read_orders
from shelftag.tables.lines import places
from shelftag.tables.parse import parse
from shelftag.tables.ranges import pieces, table_chunks
from shelftag.tables.rejects import Reason
from shelftag.tables.sources import Source, check_sources
from tests.tables.made import TABLES, chunks_of, write_tables

LINES = "order_products__prior"
HEADER = "order_id,product_id,add_to_cart_order,reordered\n"


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(data, asbytes=True)
    return packed


def write_zip(file: Path, **members: bytes) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def zipped(file: Path) -> None:
    members = {file.name: file.read_bytes(), f"__MACOSX/._{file.name}": b"mac", "._x.csv": b"mac"}
    write_zip(file.with_suffix(".csv.zip"), **members)


def as_parquet(file: Path) -> None:
    quoted = pcsv.ParseOptions(newlines_in_values=True)
    pq.write_table(pcsv.read_csv(file, parse_options=quoted), file.with_suffix(".parquet"))


def as_folder(file: Path) -> None:
    """Two files, the second packed and with its columns the other way round."""
    folder = file.with_suffix("")
    folder.mkdir()
    quoted = pcsv.ParseOptions(newlines_in_values=True)
    table = pcsv.read_csv(file, parse_options=quoted)
    pcsv.write_csv(table.slice(0, 1), folder / "a.csv")
    turned = table.select(table.column_names[::-1])
    with pa.CompressedOutputStream(str(folder / "b.csv.gz"), "gzip") as stream:
        pcsv.write_csv(turned.slice(1), stream)
    (folder / "_SUCCESS").touch()
    (folder / ".part.crc").write_bytes(b"crc")


PACK: dict[str, Callable[[Path], object]] = {
    "gzip": lambda file: file.with_suffix(".csv.gz").write_bytes(gzip.compress(file.read_bytes())),
    "zstd": lambda file: file.with_suffix(".csv.zst").write_bytes(zstd(file.read_bytes())),
    "zip": zipped,
    "parquet": as_parquet,
    "folder": as_folder,
}


def packed(folder: Path, form: str, **texts: str | bytes) -> Path:
    """The tables in another form than plain CSV."""
    for file in list(write_tables(folder, **texts).iterdir()):
        PACK[form](file)
        file.unlink()
    return folder


@pytest.mark.parametrize("form", PACK)
@pytest.mark.parametrize("block_bytes", [7, 2**20])
def test_every_form_gives_the_same_rows(tmp_path: Path, form: str, block_bytes: int) -> None:
    names = 'product_id,product_name,aisle_id,department_id\n1,"A, ""B""\nC",1,10\n2,Dé,2,20\n'
    plain = check_sources(write_tables(tmp_path / "plain", products=names))
    other = check_sources(packed(tmp_path / form, form, products=names))
    assert read_catalog(other).products.equals(read_catalog(plain).products)
    for name in (LINES, "order_products__train"):
        one, two = (
            pa.concat_tables(parse(c, s).rows for s, c in table_chunks(of[name], block_bytes))
            for of in (plain, other)
        )
        assert two.equals(one)
    orders = (read_orders(of["orders"], block_bytes).dimension for of in (plain, other))
    first, second = (side.columns for side in orders)
    assert first.equals(second)


@pytest.mark.parametrize("form", ["gzip", "zstd", "zip"])
def test_a_packed_file_comes_in_small_chunks_of_whole_lines(tmp_path: Path, form: str) -> None:
    body = "".join(f"{i},1,1,1\n" for i in range(2_000)) + "77,1,1,1"
    (table,) = check_sources(packed(tmp_path, form, order_products__prior=HEADER + body))[LINES]
    found = chunks_of(table, 100)
    assert len(pieces((table,), 100)) == 1
    assert max(len(chunk.data) for chunk in found) <= 200
    assert b"".join(chunk.data for chunk in found) == body.encode()
    for chunk, start in found:
        assert (HEADER + body).encode()[start:].startswith(chunk)


@pytest.mark.parametrize("form", ["gzip", "zstd", "zip", "parquet"])
def test_a_file_cut_off_is_said_while_it_is_read(tmp_path: Path, form: str) -> None:
    numbers = np.random.default_rng(0).integers(0, 2**40, 400_000)
    body = "".join(f"{number},1,1,1\n" for number in numbers.tolist())
    (table,) = check_sources(packed(tmp_path, form, order_products__prior=HEADER + body))[LINES]
    file = Path(table.file.path)
    data = bytearray(file.read_bytes())
    half = len(data) // 2
    if form in ("gzip", "zstd"):
        del data[half:]
    else:  # the index stands at the end: without it the file is refused, so damage the middle
        data[half - 5_000 : half + 5_000] = bytes(10_000)
    file.write_bytes(data)
    with pytest.raises(Failed, match=r"cannot be read to its end .*: copy the file there again"):
        chunks_of(table)


def parquet(folder: Path, **columns: object) -> Source:
    """order_products__prior with these columns in Parquet."""
    good = {"order_id": [1, 2, 3], "product_id": [1, 2, 5]}
    good |= {"add_to_cart_order": [1, 1, 1], "reordered": [0, 1, 0]}
    (write_tables(folder) / f"{LINES}.csv").unlink()
    pq.write_table(pa.table({**good, **columns}), folder / f"{LINES}.parquet", row_group_size=2)
    (table,) = check_sources(folder)[LINES]
    return table


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1, 2, 3], pa.uint64()),
        pa.array([1.0, 2.0, 3.0]),
        pa.array(["1", " 2", "3\n"]),
        pa.array(["1", "2", "3"]).dictionary_encode(),
        pa.array(["1", '2"', "3"]).cast(pa.large_string()),
        pa.array([1, 2, 3]).cast(pa.decimal128(38, 0)),
        pa.array([True, None, True]),
        pa.array([1.0, float("nan"), 1e15]),
        pa.array([1, -2, 3]),
        pa.array([None, "x", "1\0"]),
        pa.nulls(3),
    ],
)
def test_parquet_is_judged_as_its_csv_would_be(tmp_path: Path, values: pa.Array) -> None:
    table = parquet(tmp_path, order_id=values)
    parsed = [parse(chunk, table) for chunk in chunks_of(table, 1)]
    good = sum(piece.rows.num_rows for piece in parsed)
    bad = [row for piece in parsed for row in piece.rejects]
    expected = (
        values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values
    )
    for number, value in enumerate(expected.to_pylist()):
        text = "" if value is None else str(value).strip().removesuffix(".0")
        is_good = text.isdigit() or isinstance(value, bool) or value == 1e15
        reasons = [row.reason for row in bad if row.position == number]
        assert len(reasons) == (not is_good), (number, value, bad)
    assert good + len(bad) == 3


def test_rows_of_parquet_have_numbers_and_text(tmp_path: Path) -> None:
    table = parquet(tmp_path, order_id=[5, 6, 7], reordered=pa.array(["0", "yes", "1\r\n2"]))
    found = chunks_of(table)
    rejects = [row for chunk in found for row in parse(chunk, table).rejects]
    assert [(row.position, row.reason, row.raw) for row in rejects] == [
        (1, Reason.NUMBER, "6,2,1,yes"),
        (2, Reason.NUMBER, "7,5,1,1  2"),
    ]
    assert rejects[0].file == str(tmp_path / f"{LINES}.parquet")
    assert places(found[0], table, rejects, np.array([0])) == [(0, b"5,1,1,0")]


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (pa.array([[1], [2], [3]]), "list"),
        (pa.array([{"a": 1}] * 3), "struct"),
        (pa.array([1, 2, 3], pa.timestamp("s")), "timestamp"),
        (pa.array([1, 2, 3]).cast(pa.decimal128(38, 2)), "decimal"),
    ],
)
def test_an_impossible_type_is_refused(tmp_path: Path, column: pa.Array, found: str) -> None:
    with pytest.raises(InputError, match=f"order_id is a number, and has the type {found}"):
        parquet(tmp_path, order_id=column)


def test_a_parquet_without_rows_or_a_column(tmp_path: Path) -> None:
    (write_tables(tmp_path) / "aisles.csv").unlink()
    file = tmp_path / "aisles.parquet"
    pq.write_table(pa.table({"aisle_id": pa.array([], pa.int64()), "aisle": ["a"][:0]}), file)
    with pytest.raises(InputError, match=r"aisles\.parquet has a header and no rows"):
        check_sources(tmp_path)
    pq.write_table(pa.table({"aisle_id": [1], "name": ["a"]}), file)
    with pytest.raises(InputError, match=r"aisles\.parquet lacks the column aisle .*name"):
        check_sources(tmp_path)


@pytest.mark.parametrize("end", [".csv.gz", ".csv.zst", ".csv.zip", ".parquet"])
@pytest.mark.parametrize("data", [b"", TABLES["aisles"].encode(), b"\0" * 100])
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, end: str, data: bytes) -> None:
    (write_tables(tmp_path) / "aisles.csv").unlink()
    (tmp_path / f"aisles{end}").write_bytes(data)
    with pytest.raises(InputError, match=rf"aisles{end} (cannot be read as|is empty)") as caught:
        check_sources(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"readme.txt": b"x"}, "holds no CSV"),
        ({"a.csv": b"x", "b.csv": b"x"}, r"holds a\.csv, b\.csv"),
        ({"aisles.csv": b""}, "is empty"),
    ],
)
def test_a_zip_with_no_or_two_tables(
    tmp_path: Path, members: dict[str, bytes], problem: str
) -> None:
    (write_tables(tmp_path) / "aisles.csv").unlink()
    write_zip(tmp_path / "aisles.csv.zip", **members)
    with pytest.raises(InputError, match=problem):
        check_sources(tmp_path)


def test_two_forms_of_a_table_are_refused(tmp_path: Path) -> None:
    as_parquet(write_tables(tmp_path) / "aisles.csv")
    with pytest.raises(InputError, match=r"aisles\.csv and .*aisles\.parquet are one table twice"):
        check_sources(tmp_path)


def test_a_folder_with_something_else(tmp_path: Path) -> None:
    as_folder(write_tables(tmp_path) / "aisles.csv")
    (tmp_path / "aisles.csv").unlink()
    (tmp_path / "aisles" / "notes.txt").touch()
    with pytest.raises(InputError, match=r"notes\.txt is none of \.csv"):
        check_sources(tmp_path)
    for file in (tmp_path / "aisles").iterdir():
        file.unlink()
    with pytest.raises(InputError, match="aisles has no files"):
        check_sources(tmp_path)


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("nosuch://place", "Unrecognized filesystem type"),
        ("file:///nowhere/at/all", "is not a folder"),
        ("s3://key:secret@bucket/tables", "holds a key"),
    ],
)
def test_a_uri_that_cannot_be_read(uri: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        check_sources(uri)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_uri_names_its_files_as_uris(tmp_path: Path) -> None:
    sources = check_sources(write_tables(tmp_path).as_uri() + "/")
    assert sources["orders"][0].file.name == (tmp_path / "orders.csv").as_uri()


def test_a_source_travels(tmp_path: Path) -> None:
    (table,) = check_sources(write_tables(tmp_path))[LINES]
    assert chunks_of(pickle.loads(pickle.dumps(table))) == chunks_of(table)


def test_duplicates_across_files(tmp_path: Path) -> None:
    as_folder(write_tables(tmp_path) / "products.csv")
    (tmp_path / "products.csv").unlink()
    described = "product_id,product_name,description,aisle_id,department_id\n"
    text = described + "1,Later,x,1,10\n77,New,long,1,10\n"
    (tmp_path / "products" / "c.csv").write_text(text)
    catalog = read_catalog(check_sources(tmp_path))
    assert catalog.products.filter(pc.field("product_id") == 1)["product_name"].to_pylist() == [
        "Banana"
    ]
    assert catalog.products["description"].to_pylist() == [None] * 5 + ["long"]
    ((file, position, reason),) = {(r.file, r.position, r.reason) for r in catalog.rejects}
    assert (Path(file).name, position, reason) == ("c.csv", len(described), Reason.DUPLICATE)

"""The catalog a bulk job reads: refused in one line, or read in pieces."""

import os
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.errors import Failed, InputError
from shelftag.tagging import pieces as module
from shelftag.tagging.columns import Naming
from shelftag.tagging.inputs import check_input
from shelftag.tagging.pieces import ErrorRow, errors_table, records

NAMING = Naming("name")


def parquet(file: Path, table: pa.Table | None = None, rows_per_group: int = 100) -> Path:
    rows = pa.table({"id": list(range(25)), "name": [f"tea {i}" for i in range(25)]})
    pq.write_table(rows if table is None else table, file, row_group_size=rows_per_group)
    return file


@pytest.mark.parametrize("rows_per_block", [1, 4, 10, 100])
@pytest.mark.parametrize("rows_per_group", [1, 7, 25])
def test_pieces_of_parquet_are_all_its_rows(
    tmp_path: Path, rows_per_group: int, rows_per_block: int
) -> None:
    file = parquet(tmp_path / "a.parquet", rows_per_group=rows_per_group)
    catalog = check_input(file, NAMING)
    pieces = list(catalog.pieces(rows_per_block))
    blocks = [catalog.read(piece) for piece in pieces]
    assert pa.concat_tables(block.table for block in blocks).equals(pq.read_table(file))
    assert [place for b in blocks for place in b.places.tolist()] == list(range(1, 26))
    assert all(p.rows <= max(rows_per_block, rows_per_group) for p in pieces)
    both = pairwise(pieces)
    assert all(one.rows + min(rows_per_group, more.rows) > rows_per_block for one, more in both)


@pytest.mark.parametrize(
    ("rows_per_group", "pieces"),
    [
        ([25], [(0, 12), (12, 13)]),  # a group of too many bytes is read in parts
        ([5, 5, 5, 5, 5], [(0, 10), (10, 10), (20, 5)]),  # as many groups as there is room for
        ([0, 5, 0, 20, 0], [(0, 5), (5, 10), (15, 10)]),
    ],
)
def test_pieces_of_parquet_are_bounded_by_bytes_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_per_group: list[int],
    pieces: list[tuple[int, int]],
) -> None:
    table = pa.table({"name": ["x" * 100] * 25})
    file, row = tmp_path / "a.parquet", 0
    options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    with pq.ParquetWriter(file, table.schema, **options) as writer:
        for rows in rows_per_group:
            writer.write_table(table.slice(row, rows))
            row += rows
    monkeypatch.setattr(module, "GROUP_BYTES", 1_600)  # of ten rows, and not of twenty
    catalog = check_input(file, NAMING)
    found = list(catalog.pieces(1_000))
    assert [(piece.first_row, piece.rows) for piece in found] == pieces
    assert [len(catalog.read(piece).table) for piece in found] == [rows for _, rows in pieces]


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a.CSV", "_SUCCESS", ".hidden"):
        (tmp_path / name).write_text("name\nx\n")
    catalog = check_input(tmp_path, NAMING)
    assert [file.base_name for file in catalog.files] == ["a.CSV", "b.csv"]
    assert sum(piece.rows for piece in catalog.pieces(10)) == 2


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"id,title\n1,x\n", r"no column 'name', only 'id', 'title'.*--name-column"),
        ("a.csv", b"name,name\n1,x\n", "the column 'name' twice"),
        ("a.csv", b"name,status\nx,y\n", "'status' already.*--prefix shelftag_"),
        ("a.csv", b"", "is empty"),
        ("a.csv", "name\nx\n".encode("utf-16"), "header that is not UTF-8"),
        ("a.csv", "name\nx\n".encode("utf-16-le"), r"no column 'name', only 'n\\x00a"),
        ("a.xlsx", b"PK", r"none of .csv, .parquet, .ndjson, .jsonl"),
        ("a.csv.gz", b"\x1f\x8b", "none of .csv"),
        ("a.jsonl", b"", "no row that is a JSON object"),
        ("a.jsonl", '{"name": "x"}\n'.encode("utf-16"), "no row that is a JSON object"),
        ("a.ndjson", b'{"name": "x"}\n{"name": 7}\n', "a column of several types .*name"),
        ("a.parquet", b"PAR1 no PAR1", "cannot be read"),
        ("a.parquet", b"", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(InputError, match=problem) as refused:
            check_input(path, NAMING)
        assert name in refused.value.problem


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        check_input(tmp_path / "none.csv", NAMING)
    with pytest.raises(InputError, match="has no files"):
        check_input(tmp_path, NAMING)


@pytest.mark.parametrize("values", [[1, 2], [None, None], [[1], [2]]])
def test_a_name_column_that_is_no_text_is_refused(tmp_path: Path, values: list[object]) -> None:
    file = parquet(tmp_path / "a.parquet", pa.table({"name": values}))
    with pytest.raises(InputError, match="not text"):
        check_input(file, NAMING)


def test_the_description_column_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column 'about'.*--description-column"):
        check_input(parquet(tmp_path / "a.parquet"), Naming("name", "about"))


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (pa.table({"name": ["x"]}), "columns 'name'"),
        (
            pa.table({"id": ["1"], "name": ["x"]}),
            "the column 'id' of string, and a.parquet 'id' of int64",
        ),
        (
            pa.table([[1], [["x"]]], names=["id", "name"]),
            "the column 'name' of list<element: string>, and a.parquet 'name' of string",
        ),
    ],
)
def test_files_with_different_columns_are_refused(
    tmp_path: Path, other: pa.Table, difference: str
) -> None:
    parquet(tmp_path / "a.parquet")
    parquet(tmp_path / "b.parquet", other)
    with pytest.raises(InputError, match=f"b.parquet has {difference}"):
        check_input(tmp_path, NAMING)


def test_a_column_that_stands_twice_in_parquet(tmp_path: Path) -> None:
    for file, second in (("a", ["x"]), ("b", ["y"]), ("c", [1])):
        table = pa.table([["tea"], second], names=["name", "name"])
        parquet(tmp_path / f"{file}.parquet", table)
    with pytest.raises(InputError, match=r"c\.parquet has the column 'name' of int64, and a\.par"):
        check_input(tmp_path, NAMING)
    (tmp_path / "c.parquet").unlink()
    with pytest.raises(InputError, match=r"a\.parquet has the column 'name' twice"):
        check_input(tmp_path, NAMING)


def test_files_without_rows_stand_among_others(tmp_path: Path) -> None:
    """Writers of many files leave some of them empty."""
    none = pa.table({"id": pa.array([], pa.int64()), "name": pa.array([], pa.string())})
    parquet(tmp_path / "a.parquet", none)
    parquet(tmp_path / "b.parquet")
    (tmp_path / "c.ndjson").touch()
    (tmp_path / "d.ndjson").write_text('{"id": 1, "name": "x"}\n')
    catalog = check_input(tmp_path, NAMING)
    files = [(Path(piece.file).name, piece.rows) for piece in catalog.pieces(100)]
    assert files == [("b.parquet", 25), ("d.ndjson", 1)]


def test_lines_of_several_files_have_one_schema(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"name": "x", "price": 1, "none": null}\n')
    (tmp_path / "b.jsonl").write_text('{"price": 1.5, "name": "y", "more": {"tags": []}}\n')
    catalog = check_input(tmp_path, NAMING)
    assert catalog.schema == pa.schema(
        [
            *(("name", pa.string()), ("price", pa.float64()), ("none", pa.string())),
            ("more", pa.struct([("tags", pa.list_(pa.string()))])),
        ]
    )
    blocks = [catalog.read(piece).table for piece in catalog.pieces(10)]
    assert all(block.schema == catalog.schema for block in blocks)
    assert pa.concat_tables(blocks).to_pylist() == [
        {"name": "x", "price": 1.0, "none": None, "more": None},
        {"name": "y", "price": 1.5, "none": None, "more": {"tags": []}},
    ]
    (tmp_path / "c.ndjson").write_text('{"name": "z", "price": "cheap"}\n')
    with pytest.raises(InputError, match=r"c\.ndjson has a column of several types .*price"):
        check_input(tmp_path, NAMING)


def test_fingerprints_change_with_the_files(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("name\n" + "x" * 200_000 + "\n")
    before = check_input(file, NAMING).fingerprints()
    assert list(before) == [str(file)]
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    file.write_text("name\n" + "x" * 199_999 + "y\n")
    os.utime(file, ns=times)
    assert check_input(file, NAMING).fingerprints() != before


def test_a_damaged_page_fails_with_the_file_named(tmp_path: Path) -> None:
    file = parquet(tmp_path / "a.parquet")
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    file.write_bytes(content)
    catalog = check_input(file, NAMING)
    with pytest.raises(Failed, match=r"a\.parquet cannot be read"):
        catalog.read(next(catalog.pieces(10)))


def test_records_hold_every_value() -> None:
    names = pa.array([b"ok", b"\xff", None]).view(pa.string())
    rows = pa.table({"id": [1, 2, 3], "name": names, "kind": names.dictionary_encode()})
    assert records(rows) == [
        '{"id": 1, "name": "ok", "kind": "ok"}',
        r'{"id": 2, "name": "\\xff", "kind": "\\xff"}',
        '{"id": 3, "name": null, "kind": null}',
    ]
    (record,) = records(pa.table({"share": [float("nan")], "all": [[{"a": float("inf")}]]}))
    assert record == '{"share": null, "all": [{"a": null}]}'
    table = errors_table("a.csv", [ErrorRow(9, "late", "{}"), ErrorRow(2, "early", "{}")])
    assert table["row"].to_pylist() == [2, 9]
    assert table["file"].to_pylist() == ["a.csv", "a.csv"]

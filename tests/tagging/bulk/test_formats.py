"""Rows of the output: what a reader of Parquet, CSV or NDJSON finds in them."""

import csv
import datetime
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import place_of
from shelftag.tagging.bulk.formats import write_rows
from shelftag.tagging.pieces import parquet_pieces, read_parquet_piece

DAY = datetime.date(2026, 11, 29)
TIME = datetime.datetime(2026, 11, 29, 3, 30, tzinfo=datetime.UTC)
ROWS = pa.table(
    {
        "id": pa.array([2**62 + 1, None], pa.int64()),
        "name": pa.array(['Tea, "black"', "naïve\nRice"], pa.large_string()),
        "view": pa.array(["a", None], pa.string_view()),
        "kind": pa.array(["tea", None]).dictionary_encode(),
        "price": pa.array([Decimal("1.10"), None], pa.decimal128(9, 2)),
        "share": pa.array([0.1, float("nan")], pa.float32()),
        "day": pa.array([DAY, None]),
        "at": pa.array([TIME, None], pa.timestamp("us", "Europe/Berlin")),
        "raw": pa.array([b"a\xff", None]),
        "sizes": pa.array([[1.5, float("inf")], None], pa.list_(pa.float64())),
        "more": pa.array(
            [{"a": {"b": "é"}}, None], pa.struct([("a", pa.struct([("b", "string")]))])
        ),
        "pairs": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())),
        "none": pa.nulls(2),
        "hollow": pa.array([{}, None], pa.struct([])),
    }
)


def written(folder: Path, form: str, rows: pa.Table = ROWS, **encodings: str) -> Path:
    file = folder / f"part.{form}"
    assert write_rows(rows, place_of(file), form, encodings) == file.stat().st_size
    return file


def test_parquet_keeps_every_type(tmp_path: Path) -> None:
    rows = ROWS.drop_columns(["hollow"])
    read = pq.read_table(written(tmp_path, "parquet"))
    assert read.column("hollow").to_pylist() == ["{}", None]  # Parquet has no such struct
    assert read.drop_columns(["hollow"]).schema.equals(rows.schema)
    assert str(read.drop_columns(["hollow"]).to_pylist()) == str(rows.to_pylist())  # NaN is not NaN


def test_parquet_keeps_how_columns_were_stored(tmp_path: Path) -> None:
    """Whatever its writer chose, the next reader finds a file as small and as fast."""
    rows = pa.table(
        {
            "id": range(1_000),
            "name": [f"tea {i}" for i in range(1_000)],
            "aisle": ["tea"] * 1_000,
            "share": pa.array([i / 7 for i in range(1_000)], pa.float32()),
            "a.b": ["dot"] * 1_000,
            "words": [["green", "black"]] * 1_000,
            "price": pa.array([Decimal(i) for i in range(1_000)], pa.decimal128(7, 0)),
        }
    )
    own = {"id": "DELTA_BINARY_PACKED", "name": "DELTA_BYTE_ARRAY", "share": "BYTE_STREAM_SPLIT"}
    own["price"] = "DELTA_BINARY_PACKED"
    texts = ["aisle", "a.b", "words.list.element"]
    file = tmp_path / "a.parquet"
    pq.write_table(
        rows, file, use_dictionary=texts, column_encoding=own, store_decimal_as_integer=True
    )
    (piece,) = parquet_pieces(place_of(file), 10_000)
    block = read_parquet_piece(place_of(file), piece)
    assert block.encodings == own | dict.fromkeys(texts, "RLE_DICTIONARY")
    output = written(tmp_path, "parquet", block.table, **block.encodings)
    kept = read_parquet_piece(place_of(output), piece)
    assert kept.table.equals(rows)
    # Arrow stores decimals as bytes, for which there is no such encoding
    assert kept.encodings == block.encodings | {"price": "PLAIN"}


def test_parquet_has_a_dictionary_where_it_helps(tmp_path: Path) -> None:
    rows = pa.table({"tag": ["a", "b"] * 50, "name": [str(i) for i in range(100)]})
    rows = rows.append_column("coded", rows["name"].dictionary_encode())
    metadata = pq.read_metadata(written(tmp_path, "parquet", rows))
    columns = [metadata.row_group(0).column(i) for i in range(3)]
    assert [one.has_dictionary_page for one in columns] == [True, False, False]


def test_csv_has_text_of_all(tmp_path: Path) -> None:
    with written(tmp_path, "csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert first == {
        "id": str(2**62 + 1),
        "name": 'Tea, "black"',
        "view": "a",
        "kind": "tea",
        "price": "1.10",
        "share": "0.1",
        "day": "2026-11-29",
        "at": "2026-11-29 04:30:00.000000+0100",
        "raw": r"a\xff",
        "sizes": "[1.5, null]",
        "more": '{"a": {"b": "é"}}',
        "pairs": '[["k", 1]]',
        "none": "",
        "hollow": "{}",
    }
    assert second == dict.fromkeys(first, "") | {"name": "naïve\nRice", "share": "nan"}


def test_ndjson_is_json(tmp_path: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON (RFC 8259)")

    lines = written(tmp_path, "ndjson").read_text(encoding="utf-8").splitlines()
    first, second = (json.loads(line, parse_constant=refuse) for line in lines)
    assert first == {
        "id": 2**62 + 1,
        "name": 'Tea, "black"',
        "view": "a",
        "kind": "tea",
        "price": "1.10",
        "share": 0.1,
        "day": "2026-11-29",
        "at": "2026-11-29 04:30:00+01:00",
        "raw": r"a\xff",
        "sizes": [1.5, None],
        "more": {"a": {"b": "é"}},
        "pairs": [["k", 1]],
        "none": None,
        "hollow": {},
    }
    assert second == dict.fromkeys(first) | {"name": "naïve\nRice"}
    assert '"share": 0.1,' in lines[0]  # its own digits, not those of a double
    assert "naïve" in lines[1]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_many_rows_in_several_chunks(tmp_path: Path, form: str) -> None:
    names = pa.chunked_array([[str(i) for i in range(10_001)], [], ["last"]])
    file = written(tmp_path, form, pa.table({"name": names, "kind": names.dictionary_encode()}))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) - (form == "csv") == 10_002
    assert lines[-1] == {"csv": '"last","last"', "ndjson": '{"name": "last", "kind": "last"}'}[form]

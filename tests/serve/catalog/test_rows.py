"""Rows of uploaded catalogs: whatever is sent, each row is read once and in order."""

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serve.catalog.ndjson import ndjson_rows
from serve.catalog.parquet import LONGEST_BYTES, parquet_rows
from serve.catalog.rows import MOST_COLUMNS, Columns, Rows, csv_rows
from shelftag.errors import InputError
from shelftag.tagging import csv_rows as ends

cells = st.one_of(
    st.text('ab ,"\r\n', max_size=5).map(lambda cell: '"' + cell.replace('"', '""') + '"'),
    st.text("ab ", min_size=1, max_size=5),
)
csv_lines = st.lists(st.lists(cells, min_size=1, max_size=3).map(",".join), max_size=30)


def file(body: bytes) -> BinaryIO:
    source = io.BytesIO(body)
    source.name = "the catalog"  # as an upload has one
    return source


def places(rows: Iterable[Rows]) -> list[int]:
    """Of all rows and errors, batch by batch."""
    read: list[int] = []
    for batch in rows:
        assert len(batch.products) == len(batch.places)
        read += sorted([*batch.places, *(place for place, _ in batch.errors)])
    return read


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ends, "WINDOW_BYTES", 16)
        for reader in ("rows", "ndjson", "parquet"):
            patch.setattr(f"serve.catalog.{reader}.ROWS_PER_BATCH", 3)
        yield


@settings(max_examples=60)
@given(csv_lines, st.sampled_from(["\n", "\r\n", "\r"]))
def test_csv(lines: list[str], end: str) -> None:
    body = ("name,id" + end + "".join(line + end for line in lines)).encode()
    assert places(csv_rows(file(body), Columns())) == list(range(1, len(lines) + 1))


@settings(max_examples=60)
@given(st.binary(max_size=80))
@example(b"\xef")  # the start of a byte order mark
def test_bytes_of_any_kind_are_rows_or_an_input_error(body: bytes) -> None:
    for read in (csv_rows, ndjson_rows):
        for header in (b"name\n", b'{"name": "x"}\n'):
            try:
                read_places = places(read(file(header + body), Columns()))
            except InputError:
                continue
            assert read_places == list(range(1, len(read_places) + 1))


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers())
objects = st.fixed_dictionaries({"name": values}, optional={"id": values, "other": values})


@given(st.lists(objects, min_size=1, max_size=20), st.booleans())
def test_ndjson(rows: list[dict[str, Any]], ascii_only: bool) -> None:
    body = "\n\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    read = list(ndjson_rows(file(body.encode(errors="replace")), Columns()))
    assert places(read) == list(range(1, len(rows) + 1))
    if ascii_only:
        assert [one["name"] for batch in read for one in batch.products] == [
            row["name"] for row in rows
        ]


@given(
    st.lists(st.tuples(st.none() | st.text("ab", max_size=3), st.integers(0, 9)), max_size=20),
    st.integers(1, 7),
    st.sampled_from([pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]),
)
def test_parquet(rows: list[tuple[str | None, int]], per_group: int, kind: pa.DataType) -> None:
    names, ids = [name for name, _ in rows], [number for _, number in rows]
    sink = io.BytesIO()
    table = pa.table(
        {"id": pa.array(ids, pa.int16()), "name": pa.array(names, pa.string()).cast(kind)}
    )
    pq.write_table(table, sink, row_group_size=per_group)
    read = list(parquet_rows(file(sink.getvalue()), Columns()))
    assert places(read) == list(range(1, len(rows) + 1))
    assert [(one["name"], one["id"]) for batch in read for one in batch.products] == rows


def test_a_long_text_of_a_dictionary_is_cut_before_it_is_copied() -> None:
    """A file of some kB may name it in every row, and each batch would decode it."""
    names = pa.DictionaryArray.from_arrays([0, 1, 0] * 200, ["\u00e9" * 10**6, "Milk"])
    sink = io.BytesIO()
    pq.write_table(pa.table({"name": names}), sink, compression="zstd")
    assert len(sink.getvalue()) < 10_000
    read = [
        one["name"]
        for rows in parquet_rows(file(sink.getvalue()), Columns())
        for one in rows.products
    ]
    assert read[1] == "Milk"
    assert {len(str(name)) for name in read} == {LONGEST_BYTES // 2, 4}
    assert set(str(read[0])) == {"\u00e9"}


def test_columns_are_bounded() -> None:
    header = ",".join(["name", *map(str, range(MOST_COLUMNS))])
    with pytest.raises(InputError, match="the catalog has 1,001 columns, and at most 1,000"):
        list(csv_rows(file(header.encode() + b"\n"), Columns()))


@pytest.mark.parametrize("name", ["id", "product_id"])
def test_ids_are_found_by_themselves(name: str) -> None:
    body = f"product_name,{name}\nMilk,7\n".encode()
    (rows,) = csv_rows(file(body), Columns())
    assert rows.products == [{"name": "Milk", "id": "7"}]

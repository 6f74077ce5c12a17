"""Lines of NDJSON files: read in pieces, they are what a reader of single lines finds."""

import json
from codecs import BOM_UTF8
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.artifacts import Place, place_of
from shelftag.errors import Failed, InputError
from shelftag.tagging import ndjson_pieces as module
from shelftag.tagging.ndjson_pieces import (
    ndjson_pieces,
    ndjson_schema,
    read_ndjson_piece,
    without_nulls,
)
from shelftag.tagging.pieces import Block

rows = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | st.sampled_from(["tea", "naïve {", "2026-11-29", 'a"}\n{"', "\u2028"]),
        "id": st.integers(-5, 5),
        "more": st.fixed_dictionaries({}, optional={"tags": st.lists(st.sampled_from("ab"))}),
    },
)
good = st.tuples(rows, st.booleans()).map(
    lambda pair: json.dumps(pair[0], ensure_ascii=pair[1]).encode()
)
bad = st.sampled_from(
    [
        *(b"{", b"7", b'["tea"]', b'{"name": "\xff"}', b'{"name": "a", "name": "b"}', b"}{"),
        *(
            b'{"name": "tea"}{"name": "oats"}',
            b'{"id": 1}, {"id":',
            b"2}",
            b"null",
            b"\xef\xbb\xbf{}",
        ),
        *(b'{"name": "\\ud800"}', b'{"id": 1} // one', b'{"name": "\x00"}'),
    ]
)
blank = st.sampled_from([b"", b" ", b" \t  \r", b" " * 20, b"\x0b"])
spaced = st.tuples(st.sampled_from([b"", b"  "]), good, st.sampled_from([b"", b"\r", b" \t"]))
lines = st.lists(st.one_of(good, spaced.map(b"".join), bad, blank), max_size=20)


def write(folder: Path, content: bytes) -> Place:
    file = folder / "catalog.ndjson"
    file.write_bytes(content)
    return place_of(file)


def blocks(file: Place, rows_per_block: int = 10) -> list[Block]:
    found = ndjson_schema(file)
    schema = pa.schema([(one.name, without_nulls(one.type)) for one in found])
    return [read_ndjson_piece(file, one, schema) for one in ndjson_pieces(file, rows_per_block)]


def once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys differ."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def one_by_one(content: bytes) -> dict[int, dict[str, object] | None]:
    """Number of each line that is not blank -> its row; None for one that is none."""
    found: dict[int, dict[str, object] | None] = {}
    for line in content.split(b"\n"):
        if line.strip():
            try:
                value = json.loads(line.decode(), object_pairs_hook=once_each)
                json.dumps(value, ensure_ascii=False).encode()  # no lone surrogates
                found[len(found) + 1] = value if isinstance(value, dict) else None
            except ValueError:
                found[len(found) + 1] = None
    return found


def filled(row: dict[str, object] | None, kind: pa.DataType) -> dict[str, object] | None:
    """With null for what is missing."""
    if row is None:
        return None
    return {
        one.name: filled(row.get(one.name), one.type)  # type: ignore[arg-type]
        if pa.types.is_struct(one.type)
        else row.get(one.name)
        for one in kind
    }


@settings(max_examples=200)
@given(lines, st.booleans(), st.booleans(), st.integers(1, 4), st.integers(1, 60))
def test_pieces_together_are_the_file(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    mark: bool,
    ends: bool,
    rows_per_block: int,
    window: int,
) -> None:
    content = b"\n".join(lines) + (b"\n" if ends else b"")
    file = write(tmp_path_factory.mktemp("ndjson"), (BOM_UTF8 if mark else b"") + content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WINDOW_BYTES", window)
        schema = ndjson_schema(file)
        schema = pa.schema([(one.name, without_nulls(one.type)) for one in schema])
        pieces = list(ndjson_pieces(file, rows_per_block))
    read = [read_ndjson_piece(file, piece, schema) for piece in pieces]
    expected = one_by_one(content if mark else content.removeprefix(BOM_UTF8))
    assert {
        int(place): row
        for block in read
        for place, row in zip(block.places, block.table.to_pylist(), strict=True)
    } == {
        number: filled(row, pa.struct(list(schema)))
        for number, row in expected.items()
        if row is not None
    }
    assert [error.row for block in read for error in sorted(block.errors, key=lambda e: e.row)] == [
        number for number, row in expected.items() if row is None
    ]
    assert sum(piece.rows for piece in pieces) == len(expected)
    assert all(0 < piece.rows <= rows_per_block for piece in pieces)


def test_bad_lines_are_told_with_their_place_and_the_others_kept(tmp_path: Path) -> None:
    content = b'{"name": "tea"}\n\n[1]\n{"name": \n{"name": "\xff"}\n{"name": "oats"}\n'
    content += b'{"name": "a", "name": "b"}\n{"price": 1e999}\n'
    (block,) = blocks(write(tmp_path, content))
    assert block.table["name"].to_pylist() == ["tea", "oats"]
    assert block.places.tolist() == [1, 5]
    assert [(error.row, error.record) for error in block.errors] == [
        (2, "[1]"),
        (3, '{"name":'),
        (4, r'{"name": "\xff"}'),
        (6, '{"name": "a", "name": "b"}'),
        (7, '{"price": 1e999}'),
    ]
    reasons = [
        *("no object, but list", "not JSON", "not UTF-8", "specified twice", "cannot be read"),
    ]
    for error, reason in zip(block.errors, reasons, strict=True):
        assert reason in error.reason


def test_a_line_of_null_does_not_end_the_process(tmp_path: Path) -> None:
    """pyarrow 26 dies of one that comes first."""
    (block,) = blocks(write(tmp_path, b'null\n{"name": "tea"}\n'))
    assert block.table.to_pylist() == [{"name": "tea"}]
    assert [error.reason for error in block.errors] == ["the line is no object, but NoneType"]


def test_values_come_out_as_they_went_in(tmp_path: Path) -> None:
    """A text that looks like a time stays as it was written, wherever it stands."""
    row = {
        "name": "2026-11-29",
        "at": "2026-11-29T03:30:00Z",
        "more": {"days": ["2026-11-29"], "all": [{"day": "2026-11-29 03:30:00"}]},
        "ean": 4006381333931,
        "is_new": True,
    }
    (block,) = blocks(write(tmp_path, json.dumps(row).encode()))
    assert block.table.to_pylist() == [row]


def test_types_are_those_of_all_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW_BYTES", 16)  # as if each line were in another one
    content = b'{"a": 1, "b": []}\n{"a": 1.5, "b": [2]}\n{"c": {}, "a": 2}\n{"c": {"d": null}}'
    read = blocks(write(tmp_path, content), rows_per_block=1)
    kinds = {
        "a": pa.float64(),
        "b": pa.list_(pa.int64()),
        "c": pa.struct([("d", pa.string())]),
    }
    assert all(block.table.schema == pa.schema(kinds) for block in read)
    assert read[0].table.to_pylist() == [{"a": 1.0, "b": [], "c": None}]


def test_several_types_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, b'{"id": 1}\n{"id": "one"}\n')
    for window in (2**24, 4):
        monkeypatch.setattr(module, "WINDOW_BYTES", window)
        with pytest.raises(InputError, match=r"catalog\.ndjson has a column of several types .*id"):
            ndjson_schema(file)


def test_an_endless_line_is_refused_before_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_BYTES", 2**10)
    monkeypatch.setattr(module, "MAX_ROW_BYTES", 2**20)
    file = write(tmp_path, b'{"name": "tea"}\n{"name": "' + b"x" * 2**22)
    with pytest.raises(InputError, match="a line of more than 1 MiB, from byte 16 on"):
        list(ndjson_pieces(file, 10))


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    file = write(tmp_path, b'{"name": "a"}\n{"name": "b"}\n')
    (piece,) = ndjson_pieces(file, 10)
    schema = ndjson_schema(file)
    write(tmp_path, b'{"name": "tea and oats"}\n')
    with pytest.raises(Failed, match="changed"):
        read_ndjson_piece(file, piece, schema)

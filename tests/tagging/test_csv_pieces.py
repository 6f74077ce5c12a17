"""Rows of CSV files: read in pieces, they are what pyarrow.csv reads at once."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.artifacts import Place, place_of
from shelftag.errors import Failed, InputError
from shelftag.tagging import csv_rows
from shelftag.tagging.csv_pieces import csv_pieces, pieces_of, read_csv_piece, read_header
from shelftag.tagging.pieces import Block

COLUMNS = ["id", "name"]
HEADER = b"id,name\n"

quoted = st.text("ab,\"\r\n '", max_size=6).map(lambda s: '"' + s.replace('"', '""') + '"')
plain = st.text("ab\" '", max_size=6).filter(lambda s: not s.startswith('"'))
fields = st.one_of(quoted, plain)
rows = st.lists(fields, min_size=1, max_size=3).map(",".join)
bodies = st.lists(st.tuples(rows, st.sampled_from(["\n", "\r\n", "\r", "\n\n"])), max_size=30).map(
    lambda lines: "".join(row + end for row, end in lines).encode()
)


def write(folder: Path, body: bytes, header: bytes = HEADER) -> Place:
    file = folder / "catalog.csv"
    file.write_bytes(header + body)
    return place_of(file)


def blocks(file: Place, rows_per_block: int) -> list[Block]:
    header, _ = read_header(file)
    return [read_csv_piece(file, piece, header) for piece in csv_pieces(file, rows_per_block)]


def at_once(file: Place) -> tuple[list[dict[str, str]], list[str]]:
    """Rows and refused lines, as pyarrow.csv sees the whole file."""
    ragged: list[str] = []

    def keep(row: pcsv.InvalidRow) -> str:
        ragged.append(row.text)
        return "skip"

    table = pcsv.read_csv(
        pa.BufferReader(file.read()),
        read_options=pcsv.ReadOptions(use_threads=False),
        parse_options=pcsv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep),
        convert_options=pcsv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string())),
    )
    return table.to_pylist(), ragged


@settings(max_examples=300, deadline=None)
@given(bodies, st.integers(1, 4), st.integers(2, 40))
def test_pieces_together_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, rows_per_block: int, window: int
) -> None:
    file = write(tmp_path_factory.mktemp("csv"), body)
    expected, ragged = at_once(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "WINDOW_BYTES", window)
        pieces = list(csv_pieces(file, rows_per_block))
    read = [read_csv_piece(file, piece, COLUMNS) for piece in pieces]
    assert [row for block in read for row in block.table.to_pylist()] == expected
    assert [error.record for block in read for error in block.errors] == ragged
    places = [p for b in read for p in [*b.places.tolist(), *(e.row for e in b.errors)]]
    assert sorted(places) == list(range(1, len(expected) + len(ragged) + 1))
    assert all(0 < piece.rows <= rows_per_block for piece in pieces)
    assert all(len(b.table) + len(b.errors) == p.rows for b, p in zip(read, pieces, strict=True))


torn = st.tuples(quoted, plain.filter(bool)).map("".join)
lines = st.lists(st.tuples(st.booleans(), st.sampled_from(["\n", "\r\n"])), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.data(), lines, st.integers(1, 4), st.integers(2, 40))
def test_rows_with_text_after_a_closing_quote_are_errors(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    lines: list[tuple[bool, str]],
    rows_per_block: int,
    window: int,
) -> None:
    """pyarrow takes the rest into the field, and the rows up to the next quote with it."""
    written, expected = [], []
    for is_torn, _ in lines:
        some = [data.draw(fields), data.draw(torn if is_torn else fields)]
        written.append(",".join(data.draw(st.permutations(some))))
        expected += [len(written)] if is_torn else []
    body = "".join(row + end for row, (_, end) in zip(written, lines, strict=True)).encode()
    file = write(tmp_path_factory.mktemp("csv"), body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "WINDOW_BYTES", window)
        pieces = list(csv_pieces(file, rows_per_block))
    errors = [e for piece in pieces for e in read_csv_piece(file, piece, COLUMNS).errors]
    assert [error.row for error in errors] == expected
    assert [error.record for error in errors] == [written[row - 1] for row in expected]
    assert {error.reason.split(":")[0] for error in errors} <= {"text after a closing quote"}


def test_a_quote_that_is_missing_takes_no_rows_in_silence(tmp_path: Path) -> None:
    file = write(tmp_path, b'1,"Milk\n2,Bread\n3,"Cheese"\n4,Tea\n5\n6,Oats\n')
    (block,) = blocks(file, 10)
    assert block.table["id"].to_pylist() == ["4", "6"]
    assert block.places.tolist() == [2, 4]
    assert [(error.row, error.record) for error in block.errors] == [
        (1, '1,"Milk\n2,Bread\n3,"Cheese"'),
        (3, "5"),
    ]


def test_text_comes_out_as_it_went_in(tmp_path: Path) -> None:
    file = write(tmp_path, b'00123,"Tea, ""black""\nand green"\n1.50,\n007,NULL\n')
    assert blocks(file, 10)[0].table.to_pydict() == {
        "id": ["00123", "1.50", "007"],
        "name": ['Tea, "black"\nand green', "", "NULL"],
    }


def test_bad_rows_are_told_with_their_place_and_the_others_kept(tmp_path: Path) -> None:
    file = write(tmp_path, b"1,oats\n2\n3,tea,x\n4,caf\xe9\n\n5,rice\n")
    (block,) = blocks(file, 10)
    assert block.table["id"].to_pylist() == ["1", "5"]
    assert block.places.tolist() == [1, 5]
    assert [(error.row, error.reason) for error in block.errors] == [
        (2, "1 fields, and the header has 2"),
        (3, "3 fields, and the header has 2"),
        (4, "a column is not UTF-8"),
    ]
    assert block.errors[2].record == r'{"id": "4", "name": "caf\\xe9"}'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", [b"name", b'"name"', b'"na\nme"'])
def test_headers(tmp_path: Path, mark: bytes, name: bytes) -> None:
    file = write(tmp_path, b"a,1\n", header=mark + name + b",x\r\n")
    header, body = read_header(file)
    assert header == [name.strip(b'"').decode(), "x"]
    assert file.read()[body:] == b"a,1\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n\r\n", "is empty"),
        (b"caf\xe9,x\n", "not UTF-8"),
        (b'id,"name\n1,a\n', "never closed"),
    ],
)
def test_a_file_without_a_header_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_header(write(tmp_path, content, header=b""))


@pytest.mark.parametrize("body", [b'1,"open\n2,x\n', b'1,a\n2,"x""', b'1,"', b'1,"x""\n\n'])
def test_a_quote_without_an_end_is_refused(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(InputError, match="never closed"):
        list(csv_pieces(write(tmp_path, body), 10))


def test_an_endless_row_is_refused_before_memory_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "WINDOW_BYTES", 2**10)
    file = write(tmp_path, b'1,"' + b"x\n" * 2**14)
    with file.open() as source:
        with pytest.raises(InputError, match="never closed"):
            list(pieces_of(source, "catalog.csv", len(HEADER), 10, max_row_bytes=2**12))
        assert source.tell() < 2**14


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    file = write(tmp_path, b"1,a\n2,b\n")
    (piece,) = csv_pieces(file, 10)
    write(tmp_path, b"1,abcdef\n")
    with pytest.raises(Failed, match="changed"):
        read_csv_piece(file, piece, COLUMNS)


def test_an_empty_window_has_no_rows() -> None:
    found = csv_rows.rows_of(b"", last=True)
    assert not len(found.ends)
    assert not len(found.torn)
    assert not found.is_open


def test_rows_of_another_width_may_be_broken_text_too(tmp_path: Path) -> None:
    body = b'1,Tea\n2,\xff\n3,\xff,\xff\n4\n\n5,"O\xffts,"\n6,Oats\n\xff'
    file = write(tmp_path, body)
    for rows_per_block in (1, 2, 10):
        read = blocks(file, rows_per_block)
        rows = [
            (int(p), one)
            for b in read
            for p, one in zip(b.places, b.table.to_pylist(), strict=True)
        ]
        assert rows == [(1, {"id": "1", "name": "Tea"}), (6, {"id": "6", "name": "Oats"})]
        reasons = sorted((error.row, error.reason) for block in read for error in block.errors)
        assert reasons == [
            (2, "a column is not UTF-8"),
            (3, "3 fields, and the header has 2"),
            (4, "1 fields, and the header has 2"),
            (5, "a column is not UTF-8"),
            (7, "1 fields, and the header has 2"),
        ]


def test_a_byte_order_mark_where_a_piece_begins_is_a_character(tmp_path: Path) -> None:
    """pyarrow takes it for the file's; half of one is no reason to fail."""
    found = blocks(write(tmp_path, "\ufeffa,b\n\ufeffc,d\n".encode() + b"\xefe,f\n"), 1)
    assert [one.table.to_pylist() for one in found] == [
        [{"id": "\ufeffa", "name": "b"}],
        [{"id": "\ufeffc", "name": "d"}],
        [],
    ]
    assert [error.reason for error in found[2].errors] == ["a column is not UTF-8"]

"""The fast path and the slow path judge a row alike, and the slow one says why."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tables.parse import Parsed, _all_good, _line_by_line, parse
from shelftag.tables.ranges import Chunk
from shelftag.tables.rejects import Reason
from shelftag.tables.sources import Source
from tests.tables.made import TABLES, chunks_of, source

NUMBERS = ["0", "1", "7", "007", "-1", "-0", "+1", "127", "32767", "32768", "1_0", "0x1"]
REALS = ["1.0", "7.0", ".5", "5.", "1e0", "1e9", "nan", "inf"]
WIDE = ["9223372036854775807", "9223372036854775808", " 1", "1 ", "\t1", "\x0b1"]
QUOTED = ['"1"', '" 1"', '"', '1"', "'1'", '"1"2']
FIELD = st.sampled_from([*NUMBERS, *REALS, *WIDE, *QUOTED, "", "x", "é", "\0", "prior"])


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    folder = tmp_path_factory.mktemp("tables")
    return {name: source(folder, name) for name in ("orders", "order_products__prior")}


def rows_of(parsed: Parsed) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in parsed.rows.to_pylist()]


@settings(deadline=None)
@given(fields=st.lists(FIELD, min_size=3, max_size=5))
def test_a_line_is_judged_alike_on_both_paths(tables: dict[str, Source], fields: list[str]) -> None:
    line = (",".join(fields) + "\n").encode()
    slow = _line_by_line(line, 0, tables["order_products__prior"])
    fast = _all_good(line, tables["order_products__prior"])
    if fast is not None:
        assert slow.rejects == []
        assert slow.rows.to_pylist() == fast.to_pylist()
    elif line.isascii() and not set(line) & set(b'\0xX"'):
        assert len(slow.rejects) == 1  # not a maybe: the fast path had read it, were it good


@settings(deadline=None)
@given(days=FIELD, eval_set=FIELD)
def test_an_order_is_judged_alike_on_both_paths(
    tables: dict[str, Source], days: str, eval_set: str
) -> None:
    line = f"1,2,{eval_set},1,0,0,{days}\n".encode()
    slow = _line_by_line(line, 0, tables["orders"])
    fast = _all_good(line, tables["orders"])
    if fast is not None:
        assert slow.rows.to_pylist() == fast.to_pylist()
    elif line.isascii() and not set(line) & set(b'\0xX"'):
        assert len(slow.rejects) == 1


GOOD = st.builds(
    "{},{},{},{}".format, st.integers(0, 99), st.integers(0, 9), st.just(3), st.just(1)
)
BAD = st.sampled_from(["-1,2,3,1", "1,2,3,", "1,2,32768,1", "9223372036854775808,2,3,1", ",,,"])
BAD |= st.sampled_from(
    ["", "\r", "1,2,3", "1,2,3,4,5", "a,2,3,1", "1,2,0,1", "1,2,3,2", "1,,3,1", "1\0,2,3,1"]
)
ODD = st.sampled_from(
    ["-0,2,3,1", " 1,2,3,1", '"1",2,3,1', "1,2,3,1\r", "1,2,3,1\r4,5,6,0", "01,2,3,1"]
)


@settings(deadline=None)
@given(
    lines=st.lists(GOOD | BAD | ODD, max_size=60),
    cut=st.integers(0, 3),
    block_bytes=st.sampled_from([1, 64, 4096]),
)
def test_each_line_is_a_row_or_a_reject_in_its_place(
    tables: dict[str, Source], lines: list[str], cut: int, block_bytes: int
) -> None:
    chunk = "".join(line + "\n" for line in lines).encode()
    chunk = chunk[: len(chunk) - cut]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shelftag.tables.parse.BLOCK_BYTES", block_bytes)
        parsed = parse(Chunk(chunk, 1000), tables["order_products__prior"])
    whole = _line_by_line(chunk, 1000, tables["order_products__prior"])
    assert rows_of(parsed) == rows_of(whole)
    assert parsed.rejects == whole.rejects
    for row in parsed.rejects:
        assert chunk[row.position - 1000 :].decode().splitlines()[0] == row.raw


ORDER = st.builds(
    "{},{},{},{},{},{},{}".format,
    st.integers(-1, 9),
    st.sampled_from(["7", "x", "", "p7", "1.5", "1e3"]) | st.integers(0, 99).map(str),
    st.sampled_from(["prior", "train", "test", "prio", "", "PRIOR", "tést", '"test"']),
    st.integers(0, 9),
    st.integers(0, 7),
    st.sampled_from(["08", "23", "24", "7"]),
    st.sampled_from(["", "7.0", "30", "1..2", ".", "5.", "3650.5", "-1.0", "nan", "1e1"]),
)


@settings(deadline=None)
@given(
    lines=st.lists(ORDER, max_size=40),
    end=st.sampled_from(["\n", "\r\n"]),
    slow_bytes=st.sampled_from([1, 64]),
)
def test_orders_are_judged_as_one_by_one(
    tables: dict[str, Source], lines: list[str], end: str, slow_bytes: int
) -> None:
    chunk = "".join(line + end for line in lines).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shelftag.tables.parse.SLOW_BYTES", slow_bytes)
        parsed = parse(Chunk(chunk, 0), tables["orders"])
    whole = _line_by_line(chunk, 0, tables["orders"])
    assert rows_of(parsed) == rows_of(whole)
    assert parsed.rejects == whole.rejects
    assert parsed.read == len(lines)


def test_a_quote_that_goes_over_lines_makes_no_row_of_its_end(tmp_path: Path) -> None:
    header = TABLES["order_products__prior"].splitlines()[0]
    text = f'{header},note\n1,1,1,1,a\n2,2,1,0,"x\n5,5,1,1,y"\n4,4,1,0,"b, c"\n'
    table = source(tmp_path, "order_products__prior", order_products__prior=text)
    (chunk,) = chunks_of(table)
    parsed = parse(chunk, table)
    assert rows_of(parsed) == [(1, 1, 1, 1), (4, 4, 1, 0)]
    assert [row.reason for row in parsed.rejects] == [Reason.QUOTES, Reason.QUOTES]


@pytest.mark.parametrize("last", [b"4,5,6", b"4,5,6,", b"4,5", b"4", b"4,5,6,7"])
def test_a_last_line_that_is_cut_off(tables: dict[str, Source], last: bytes) -> None:
    parsed = parse(Chunk(b"1,2,3,1\n" + last, 0), tables["order_products__prior"])
    assert rows_of(parsed) == [(1, 2, 3, 1)]
    assert [(row.position, row.reason) for row in parsed.rejects] == [(8, Reason.TRUNCATED)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1,2,3", Reason.FIELDS),
        (b"1,2,3,1,", Reason.FIELDS),
        (b"   ", Reason.FIELDS),
        (b"one,2,3,1", Reason.NUMBER),
        (b"0x1F,2,3,1", Reason.NUMBER),
        (b"1.0,2,3,1", Reason.NUMBER),
        (b"1,2,3,", Reason.EMPTY),
        (b"-1,2,3,1", Reason.RANGE),
        (b"1,2,0,1", Reason.RANGE),
        (b"1,2,32768,1", Reason.RANGE),
        (b"1,2,3,2", Reason.RANGE),
        (b"9223372036854775808,2,3,1", Reason.RANGE),
        (b"1\0,2,3,1", Reason.NUL),
        (b"1\xff,2,3,1", Reason.UTF8),
    ],
)
def test_a_bad_line_is_named(tables: dict[str, Source], line: bytes, reason: Reason) -> None:
    chunk = b"1,2,3,1\n" * 2_000 + line + b"\n" + b"4,5,6,0\n" * 2_000
    parsed = parse(Chunk(chunk, 50), tables["order_products__prior"])
    assert parsed.rows.num_rows == 4_000
    assert [row.reason for row in parsed.rejects] == [reason]
    assert parsed.rejects[0].position == 50 + 8 * 2_000
    assert parsed.rejects[0].raw == line.decode(errors="backslashreplace")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"1,2,dev,1,0,0,", Reason.CHOICE),
        (b"1,2,,1,0,0,", Reason.EMPTY),
        (b"1,2,prior,1,7,0,", Reason.RANGE),
        (b"1,2,prior,1,0,24,", Reason.RANGE),
        (b"1,2,prior,0,0,0,", Reason.RANGE),
        (b"1,2,prior,1,0,0,-1.0", Reason.RANGE),
        (b"1,2,prior,1,0,0,nan", Reason.NUMBER),
        (b"1,2,prior,1,0,0,inf", Reason.NUMBER),
        (b"1,2,prior,1,0,0,week", Reason.NUMBER),
    ],
)
def test_a_bad_order_is_named(tables: dict[str, Source], line: bytes, reason: Reason) -> None:
    parsed = parse(Chunk(b"1,2,prior,1,0,0,7.0\n" + line + b"\n", 0), tables["orders"])
    assert parsed.rows.num_rows == 1
    assert [(row.position, row.reason) for row in parsed.rejects] == [(20, reason)]


def test_line_ends_of_all_kinds(tables: dict[str, Source]) -> None:
    parsed = parse(Chunk(b"1,2,3,1\r\n\r\n4,5,6,0\r7,8,9,1", 0), tables["order_products__prior"])
    assert rows_of(parsed) == [(1, 2, 3, 1), (4, 5, 6, 0), (7, 8, 9, 1)]
    assert parsed.rejects == []


def test_an_unclosed_quote_costs_its_own_line_only(tables: dict[str, Source]) -> None:
    parsed = parse(Chunk(b'1,2,3,1\n"4,5,6,0\n7,8,9,1\n', 0), tables["order_products__prior"])
    assert rows_of(parsed) == [(1, 2, 3, 1), (7, 8, 9, 1)]
    assert [row.position for row in parsed.rejects] == [8]


def test_columns_are_found_by_name_and_others_are_not_read(tmp_path: Path) -> None:
    text = "note,reordered,order_id,product_id,add_to_cart_order\né,1,2,3,4\n,0,5,6,7\n"
    table = source(tmp_path, "order_products__prior", order_products__prior=text)
    chunk = text.encode()[table.body_start :]
    assert rows_of(parse(Chunk(chunk, table.body_start), table)) == [(2, 3, 4, 1), (5, 6, 7, 0)]


def test_types_do_not_depend_on_the_path(tables: dict[str, Source]) -> None:
    order = b"1,2,prior,1,0,0,7.0\n"
    fast, slow = (parse(Chunk(chunk, 0), tables["orders"]) for chunk in (order, order + b"bad\n"))
    empty = parse(Chunk(b"", 0), tables["orders"])
    assert fast.rows.schema == slow.rows.schema == empty.rows.schema
    assert pa.types.is_dictionary(fast.rows.schema.field("eval_set").type)

"""Products as shops write them: quotes, commas, line ends; and what is wrong with the others."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tables.records import read_records, unique_records
from shelftag.tables.rejects import Reason
from tests.tables.made import source

HEADER = "product_id,product_name,aisle_id,department_id\n"


def read(folder: Path, body: str | bytes) -> tuple[list[object], list[tuple[int, str]]]:
    """Good names, and (offset in the body, reason) of the rejected."""
    data = body if isinstance(body, bytes) else body.encode()
    products = source(folder, "products", products=HEADER.encode() + data)
    records = unique_records(read_records((products,)))
    start = products.body_start
    return (
        [record.values[1] for record in records.good],
        [(row.position - start, row.reason) for row in records.rejects],
    )


@settings(deadline=None)
@given(
    names=st.lists(
        st.text(st.sampled_from('ab",\n\r \té"\\'), min_size=1).filter(str.strip), min_size=1
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_quoted_name_is_kept_right(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], end: str
) -> None:
    rows = (f'{i},"{name.replace(chr(34), chr(34) * 2)}",1,10' for i, name in enumerate(names))
    good, rejects = read(tmp_path_factory.mktemp("records"), end.join(rows))
    assert good == names
    assert rejects == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A", Reason.FIELDS),
        ("1,A,1,10,5", Reason.FIELDS),
        ("1,A, comma,1,10", Reason.FIELDS),
        ("one,A,1,10", Reason.NUMBER),
        (",A,1,10", Reason.EMPTY),
        ("1,,1,10", Reason.EMPTY),
        ('1,"  ",1,10', Reason.EMPTY),
        ("-1,A,1,10", Reason.RANGE),
        ("1,A\0B,1,10", Reason.NUL),
        (b"1,Caf\xe9,1,10", Reason.UTF8),
        ('1,"A,1,10', Reason.QUOTES),
        ('1,"A" B,1,10', Reason.QUOTES),
        ("7,A,1,10", Reason.DUPLICATE),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_stay(
    tmp_path: Path, row: str | bytes, reason: Reason
) -> None:
    data = row if isinstance(row, bytes) else row.encode()
    good, rejects = read(tmp_path, b'7,Before,1,10\n%s\n8,"Aft""er",1,10\n' % data)
    assert good == ["Before", 'Aft"er']
    assert rejects == [(14, reason)]


def test_a_truncated_last_line(tmp_path: Path) -> None:
    assert read(tmp_path, "1,A,1,10\n2,B,1") == (["A"], [(9, Reason.TRUNCATED)])


def test_an_inch_mark_in_a_bare_name(tmp_path: Path) -> None:
    assert read(tmp_path, '1,Pan 9" round,1,10\n') == (['Pan 9" round'], [])


def test_an_unclosed_quote_does_not_swallow_the_table(tmp_path: Path) -> None:
    rows = "".join(f"{i},Name {i},1,10\n" for i in range(2, 200))
    good, rejects = read(tmp_path, '1,"Open,1,10\n' + rows)
    assert len(good) == 198
    assert rejects == [(0, Reason.QUOTES)]

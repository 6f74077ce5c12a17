"""Read at once, a small table is what it is row by row."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from shelftag.tables.parse import table_of
from shelftag.tables.quick import read_quickly
from shelftag.tables.records import read_records, unique_records
from tests.tables.made import TABLES, source

HEADER = TABLES["products"].splitlines()[0] + "\n"
FIELD = st.text(st.sampled_from('a"0xX,é \t\n\r\0'), max_size=6) | st.just("5")
LINE = st.lists(FIELD, min_size=3, max_size=5).map(",".join)
GOOD = st.tuples(st.integers(0, 40), st.sampled_from(["A", '"B, ""C"""', "é"])).map(
    lambda row: f"{row[0]},{row[1]},1,10"
)


def test_a_good_table_is_read_at_once(tmp_path: Path) -> None:
    rows = read_quickly((source(tmp_path, "products"),))
    assert rows is not None
    assert rows["product_name"].to_pylist()[1] == 'Yogurt, "Greek" Vanilla'


@given(lines=st.lists(GOOD | LINE, min_size=1, max_size=4), last=st.booleans())
@example(lines=['1,a"b",1,10'], last=True)
@example(lines=['1,"a"b,1,10'], last=True)
@example(lines=['1,"a,1,10', '2,"b",1,10'], last=True)
@example(lines=["0x1F,a,1,10"], last=False)
@example(lines=["1,a,1,10", "1,b,1,10"], last=True)
def test_it_is_what_it_is_row_by_row(lines: list[str], last: bool) -> None:
    text = HEADER + "\n".join(lines) + ("\n" if last else "")
    with TemporaryDirectory() as folder:
        file = source(Path(folder), "products", products=text)
        quick, slow = read_quickly((file,)), unique_records(read_records((file,)))
    if quick is None:
        return
    assert slow.rejects == []
    assert quick.equals(table_of([record.values for record in slow.good], file.columns))

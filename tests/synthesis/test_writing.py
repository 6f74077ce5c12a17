"""CSV text: quotes only where needed, and a standard reader gets every value back."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.synthesis import writing
from shelftag.synthesis.writing import plain_csv, quoted_csv, write_quoted


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1))
def test_any_text_comes_back(texts: list[str]) -> None:
    table = pa.table({"id": list(range(len(texts))), "text": texts, "last": [7] * len(texts)})
    rows = list(csv.reader(io.StringIO(quoted_csv(table).decode(), newline="")))
    assert rows == [[str(number), text, "7"] for number, text in enumerate(texts)]


def test_quotes_stand_only_where_needed() -> None:
    names = ["Jam", "Jelly, Blackberry", '10\\" Skewers']
    written = quoted_csv(pa.table({"id": [1, 2, 3], "name": names})).decode()
    assert written == '1,Jam\n2,"Jelly, Blackberry"\n3,"10\\"" Skewers"\n'


def test_plain_rows_leave_nulls_empty_and_refuse_what_needs_quotes() -> None:
    assert plain_csv(pa.table({"a": [1, 2], "b": ["x", None]})).to_pybytes() == b"1,x\n2,\n"
    with pytest.raises(pa.ArrowInvalid):
        plain_csv(pa.table({"a": ["x,y"]}))


def test_chunks_make_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_ROWS_AT_ONCE", 3)
    write_quoted(tmp_path / "t.csv", pa.table({"id": list(range(8)), "name": ["x"] * 8}))
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines == ["id,name", *(f"{number},x" for number in range(8))]

"""A CSV for people: no cell is a formula, and no text is lost."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shelftag.catalog.spreadsheet import guarded, spreadsheet_csv, unguarded

FORMULAS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001
CELLS = st.text(st.sampled_from("'a=,;\"\n\t") | st.characters(codec="utf-8"))


@given(CELLS)
@example("'=1")
@example("''")
@example("a;''=1")
@example("\t\t=;'")
def test_what_is_guarded_comes_back(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(tuple(FORMULAS))


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@a", "\ta", "＝1"])  # noqa: RUF001
def test_a_formula_becomes_a_text(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Rye Bread", "'Nduja", "7 = Up", "a;b", "x; =1", ""])
def test_a_text_stays(cell: str) -> None:
    assert guarded(cell) == unguarded(cell) == cell


@given(st.lists(st.tuples(CELLS.filter(lambda cell: "\r" not in cell), st.integers())))
def test_a_csv_reads_back(rows: list[tuple[str, int]]) -> None:
    written = spreadsheet_csv(("name", "count"), rows)
    header, *lines = csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    assert written.startswith("\ufeff")
    assert header == ["name", "count"]
    assert [(unguarded(name), int(count)) for name, count in lines] == rows


@pytest.mark.parametrize("cell", ["x;=1+1", "x;;-1", "x\n@a", ";=1"])
def test_no_cell_is_a_formula_where_semicolons_part_them(cell: str) -> None:
    """As one reads a row who does not know of the comma, and then one who knows both."""
    written = spreadsheet_csv(("rank", "name"), [(1, cell)]).removeprefix("\ufeff")
    for part in re.split("[;\n]", written):
        assert not part.startswith(tuple(FORMULAS))
    both = list(csv.reader(io.StringIO(written.replace(",", ";"), newline=""), delimiter=";"))
    assert both[1:] == [["1", guarded(cell)]]
    assert unguarded(guarded(cell)) == cell

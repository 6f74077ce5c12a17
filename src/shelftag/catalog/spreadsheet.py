"""Texts in a CSV that a person opens in a spreadsheet.

A cell that begins like a formula would be run as one (https://owasp.org/www-community/attacks/
CSV_Injection): an apostrophe before it, which `unguarded` takes off again, makes it a text. Where
the comma is the decimal point, a spreadsheet splits a row at semicolons: every field is quoted,
which most respect, and a formula after a semicolon has its apostrophe for those that do not.
"""

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = "[=+\\-@\t\r\n＝＋－＠]"  # noqa: RUF001  # full width too: some spreadsheets fold it
_EDGE = "(?<![^;\t\r\n])"  # at the start of a text, or of what a spreadsheet may take for a cell
_BEGINS = re.compile(f"{_EDGE}'*(?={_FORMULA})")  # apostrophes there already get one more
_MAY_NEED_IT = f"(^|[;\t\r\n])'*{_FORMULA}"
_GUARDED = re.compile(f"{_EDGE}'('*)(?={_FORMULA})")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what begins like a formula."""
    return _BEGINS.sub(r"'\g<0>", cell)


def guarded_column(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """`guarded` for each, of which few need it."""
    is_one = pc.match_substring_regex(cells, _MAY_NEED_IT).fill_null(False)
    some = [guarded(cell) for cell in cells.filter(is_one).to_pylist()]
    return pc.replace_with_mask(cells, is_one.combine_chunks(), pa.array(some, cells.type))


def unguarded(cell: str) -> str:
    """What was guarded."""
    return _GUARDED.sub(r"\1", cell)


def spreadsheet_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV with a header, its texts guarded, all quoted, and a byte order mark: without it,
    spreadsheets take UTF-8 for something else."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return f"{BOM_UTF8.decode()}{lines.getvalue()}"

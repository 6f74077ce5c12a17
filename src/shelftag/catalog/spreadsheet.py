"""Texts in a CSV that a person opens in a spreadsheet.

A cell that begins like a formula would be run as one (https://owasp.org/www-community/attacks/
CSV_Injection): an apostrophe before it, which `unguarded` takes off again, makes it a text. Where
the comma is the decimal point, a spreadsheet splits a row at semicolons: every field is quoted,
which most respect, and a formula after a semicolon has its apostrophe for those that do not.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = "[=+\\-@\t\r\n＝＋－＠]"  # noqa: RUF001  # full width too: some spreadsheets fold it
_EDGE = "(?<![^;\t\r\n])"  # at the start of a text, or of what a spreadsheet may take for a cell
_BEGINS = re.compile(f"{_EDGE}'*(?={_FORMULA})")  # apostrophes there already get one more
_GUARDED = re.compile(f"{_EDGE}'('*)(?={_FORMULA})")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before what begins like a formula."""
    return _BEGINS.sub(r"'\g<0>", cell)


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
    return f"\ufeff{lines.getvalue()}"

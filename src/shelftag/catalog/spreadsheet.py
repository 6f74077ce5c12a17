"""Texts in a CSV that a person opens in a spreadsheet.

A cell that begins like a formula would be run as one (https://owasp.org/www-community/attacks/
CSV_Injection): an apostrophe before it, which `unguarded` takes off again, makes it a text.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = "[=+\\-@\t\r\n＝＋－＠]"  # noqa: RUF001  # full width too: some spreadsheets fold it
_BEGINS = re.compile(f"'*{_FORMULA}")  # what has apostrophes already gets one more, to be undone
_GUARDED = re.compile(f"'+{_FORMULA}")


def guarded(cell: str) -> str:
    """The cell, or an apostrophe and the cell where it begins like a formula."""
    return f"'{cell}" if _BEGINS.match(cell) else cell


def unguarded(cell: str) -> str:
    """What was guarded."""
    return cell[1:] if _GUARDED.match(cell) else cell


def spreadsheet_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV with a header, its texts guarded, and a byte order mark: without it, spreadsheets take
    UTF-8 for something else."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return f"\ufeff{lines.getvalue()}"

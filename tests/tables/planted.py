"""Six random tables with every defect planted, and what must become of each of their rows.

A row is drawn good, or with one defect that its own line shows. The rest follows from the order of
the rows: the first of an id is kept, and a row needs the rows that it names.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from shelftag.tables.rejects import Reason
from shelftag.tables.schemas import MAX_ID, TABLES, Column, TableSchema

BOM = b"\xef\xbb\xbf"
KEYS = [0, 1, 2, 70_000, 10**12, MAX_ID]
IDS, NAMED = st.sampled_from(KEYS), st.sampled_from([*[901, 902] * 5, *KEYS])
"""Ids of rows, and those that rows name of other rows."""
TEXTS = st.text('aB é,"\n\r|\u2028', min_size=1, max_size=6).filter(str.strip)
TEXT_COLUMNS = ("product_name", "aisle", "department")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("order_id", "product_id", "aisle_id", "department_id"), NAMED),
    "user_id": IDS,
    "eval_set": st.sampled_from(["prior", "train", "test"]),
    "order_number": st.integers(1, 100),
    "order_dow": st.integers(0, 6),
    "order_hour_of_day": st.integers(0, 23),
    "days_since_prior_order": st.sampled_from([None, 0.0, 7.0, 7.5, 30.0]),
    "add_to_cart_order": st.integers(1, 145),
    "reordered": st.integers(0, 1),
    **dict.fromkeys(TEXT_COLUMNS, TEXTS),
}
SPELLINGS = st.sampled_from([b"%s", b"%s", b"%s", b"0%s", b" %s", b"%s ", b'"%s"'])
"""Of numbers that are good."""
BAD_BYTES = [(Reason.UTF8, b"1\xc3"), (Reason.UTF8, b"\xff"), (Reason.NUL, b"1\0")]
BAD_NUMBERS = [
    *[(Reason.NUMBER, field) for field in (b"x", b"0x1", b"1 5", b" ")],
    *[(Reason.RANGE, field) for field in (b"-1", b"9" * 30)],
]
BASE: dict[str, list[tuple[Any, ...]]] = {
    "aisles": [(901, "one"), (902, "two")],
    "departments": [(901, "one"), (902, "two")],
    "products": [(901, "one", 901, 901), (902, "two", 902, 902)],
    "orders": [(901, 1, "prior", 2, 0, 0, 7.0)],
    "order_products__prior": [(901, 901, 1, 0)],
    "order_products__train": [(901, 902, 1, 0)],
}
"""Rows that are always there, and good: without them there would be nothing to learn."""


class Row(NamedTuple):
    """One row as it is written, without its end."""

    raw: bytes
    values: tuple[Any, ...] = ()
    defect: Reason | None = None
    """That its own line shows."""


class Table(NamedTuple):
    """A file, and where its rows stand in it."""

    data: bytes
    rows: list[Row]
    positions: list[int]


class Expected(NamedTuple):
    """What must become of six tables."""

    good: dict[str, list[tuple[Any, ...]]]
    rejects: list[tuple[str, int, str, str]]
    """(table, position, reason, raw text)"""


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Table]:
    """Six tables by name."""
    return {table.name: _table(draw, table.name, needed(table)) for table in TABLES}


def needed(table: TableSchema) -> tuple[Column, ...]:
    """The columns that are written."""
    return tuple(column for column in table.columns if not column.optional)


def _table(draw: st.DrawFn, name: str, columns: tuple[Column, ...]) -> Table:
    good = [Row(_line(draw, values), values) for values in BASE[name]]
    drawn = [_row(draw, name, columns) for _ in range(draw(st.integers(0, 12)))]
    rows = draw(st.permutations([*good, *drawn]))
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    header = ",".join(column.name for column in columns).encode()
    data = draw(st.sampled_from([b"", BOM])) + header + end
    positions = []
    for row in rows:
        data += draw(st.sampled_from([b"", b"", b"", end]))  # an empty line is no row
        positions.append(len(data))
        data += row.raw + end
    data = _end(draw, data, end, rows, positions)
    return Table(data, rows, positions)


def _end(draw: st.DrawFn, data: bytes, end: bytes, rows: list[Row], positions: list[int]) -> bytes:
    """The file as it is, or without its last line end, or with a row that is cut off."""
    last = draw(st.sampled_from(["whole", "open", "cut off"]))
    if last == "open":
        rows[-1] = _cut_off(rows[-1])
        return data.removesuffix(end)
    if last == "cut off":
        rows.append(Row(b"1", defect=Reason.TRUNCATED))
        positions.append(len(data))
        return data + b"1"
    return data


def _cut_off(row: Row) -> Row:
    return row._replace(defect=Reason.TRUNCATED) if row.defect else row


def _row(draw: st.DrawFn, name: str, columns: tuple[Column, ...]) -> Row:
    own = () if name.startswith("order_products") else (draw(IDS),)
    values = (*own, *(draw(VALUES[column.name]) for column in columns[len(own) :]))
    if draw(st.booleans()):
        return Row(_line(draw, values), values)
    # plain texts, so that no quote of a text is a second defect
    plain = ["text" if c.name in TEXT_COLUMNS else v for c, v in zip(columns, values, strict=True)]
    return _bad_row(draw, [_plain(value) for value in plain], columns)


def _bad_row(draw: st.DrawFn, fields: list[bytes], columns: tuple[Column, ...]) -> Row:
    place = draw(st.integers(-2, len(columns) - 1))
    if place >= 0:
        reason, fields[place] = draw(st.sampled_from(_bad_fields(columns[place])))
        return Row(b",".join(fields), defect=reason)
    changed = [*fields, b"1"] if place == -2 else fields[:-1]
    return Row(b",".join(changed), defect=Reason.FIELDS)


def _bad_fields(column: Column) -> list[tuple[Reason, bytes]]:
    empty = [] if column.nullable else [(Reason.EMPTY, b"")]
    if column.choices:
        return [*BAD_BYTES, *empty, (Reason.CHOICE, b"testing")]
    if column.name in TEXT_COLUMNS:
        return [*BAD_BYTES, *empty, (Reason.EMPTY, b"  "), (Reason.QUOTES, b'"a"b')]
    return [*BAD_BYTES, *empty, *BAD_NUMBERS]


def _line(draw: st.DrawFn, values: tuple[Any, ...]) -> bytes:
    return b",".join(_field(draw, value) for value in values)


def _field(draw: st.DrawFn, value: Any) -> bytes:
    if value is None:
        return b""
    return _quoted(value) if isinstance(value, str) else draw(SPELLINGS) % _plain(value)


def _plain(value: Any) -> bytes:
    return b"" if value is None else str(value).encode()


def _quoted(text: str) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([text])
    return line.getvalue().removesuffix("\r\n").encode()


def write(folder: Path, drawn: dict[str, Table]) -> None:
    """The files as a user has them."""
    for name, table in drawn.items():
        (folder / f"{name}.csv").write_bytes(table.data)


def expected(drawn: dict[str, Table]) -> Expected:
    """Rows that are good and rows that are not, by rules in plain Python."""
    found = Expected({}, [])
    for name in ("aisles", "departments", "products", "orders"):
        _judge(name, drawn[name], found, _unique(found.good, name))
    for name in ("order_products__prior", "order_products__train"):
        _judge(name, drawn[name], found, _matched(found.good))
    return found


Judge = Callable[[tuple[Any, ...]], Reason | None]


def _judge(name: str, table: Table, found: Expected, judge: Judge) -> None:
    good = found.good.setdefault(name, [])
    for row, position in zip(table.rows, table.positions, strict=True):
        reason = row.defect or judge(row.values)
        if reason is None:
            good.append(row.values)
        else:
            text = row.raw.decode(errors="backslashreplace")
            found.rejects.append((name, position, str(reason), text))


def _unique(good: dict[str, list[tuple[Any, ...]]], name: str) -> Judge:
    def judge(values: tuple[Any, ...]) -> Reason | None:
        if name == "products" and values[2] not in _ids(good["aisles"]):
            return Reason.AISLE
        if name == "products" and values[3] not in _ids(good["departments"]):
            return Reason.DEPARTMENT
        return Reason.DUPLICATE if values[0] in _ids(good[name]) else None

    return judge


def _matched(good: dict[str, list[tuple[Any, ...]]]) -> Judge:
    def judge(values: tuple[Any, ...]) -> Reason | None:
        if values[0] not in _ids(good["orders"]):
            return Reason.ORDER
        return None if values[1] in _ids(good["products"]) else Reason.PRODUCT

    return judge


def _ids(rows: list[tuple[Any, ...]]) -> set[int]:
    return {row[0] for row in rows}

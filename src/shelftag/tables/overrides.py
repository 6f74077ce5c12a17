"""Corrections of the catalog's labels, as people give them back: `--overrides FILE`.

    id,name,department          id, department: needed; name: where it is there, it must still be
    7,Rye Bread,bakery          the product's; an empty department is not decided yet; any other
    9,Sorbet,                   column is not read

Files are applied one after the other, so that a later one stands. In one file, one id has one
department.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.artifacts import OverridesAccount, fingerprint
from shelftag.catalog.spreadsheet import unguarded
from shelftag.catalog.text import text
from shelftag.tables.accounting import Tally
from shelftag.tables.catalog import check_any
from shelftag.tables.files import find_file
from shelftag.tables.records import Record, columns_of, read_records
from shelftag.tables.rejects import Reason, Reject, count_reasons
from shelftag.tables.schemas import Column, TableSchema
from shelftag.tables.sources import Source, check_files

OVERRIDES = TableSchema(
    "label overrides",  # no shop is called so: a shop's name has no space
    (
        Column("id", pa.string()),
        Column("department", pa.string(), nullable=True),
        Column("name", pa.string(), nullable=True, optional=True),
    ),
)


class Overridden(NamedTuple):
    """A catalog with its corrections."""

    products: pa.Table
    """As `Catalog.products` or `Shops.products`."""
    accounts: tuple[OverridesAccount, ...] = ()
    """One for each file."""
    rejects: Sequence[Reject] = ()


class _Given(NamedTuple):
    """One row of a file; an empty field is an empty text."""

    id: str
    department: str
    name: str

    @classmethod
    def of(cls, record: Record) -> "_Given":
        columns = columns_of((record.source,))
        fields = {column.name: value for column, value in zip(columns, record.values, strict=True)}
        texts = [unguarded(str(fields.get(name) or "").strip()) for name in cls._fields]
        return cls(*texts)


class _Catalog(NamedTuple):
    """What a correction is held against: the catalog as it was."""

    departments: dict[str, str]
    """Folded name -> name, of departments that have a product or say "not known"."""
    ids: dict[str, Any]
    """Department -> department_id; empty for shops."""
    places: set[tuple[Any, ...]]
    """(aisle, department) that have a product."""


def check_overrides(files: Sequence[str]) -> dict[str, tuple[Source, ...]]:
    """Table name -> the files; nothing for none.

    Raises:
        InputError: a file is missing, empty, without rows, not UTF-8, lacks a column, or is given
            twice.
    """
    return {OVERRIDES.name: check_files(list(map(find_file, files)), OVERRIDES)} if files else {}


def apply_overrides(
    products: pa.Table, sources: Sequence[Source], unlabelled: Collection[str]
) -> Overridden:
    """Move products to the departments that the files say.

    A product keeps its aisle only where that aisle has products in the new department: an aisle
    has one department, and is learned from. Else it has none.

    Raises:
        InputError: no row of a file can be taken.
        Failed: a file is cut off or damaged.
    """
    result = Overridden(products)
    if not sources:
        return result
    catalog = _catalog(products, unlabelled)
    for source in sources:
        one = _apply(result.products, source, catalog)
        accounts, rejects = (*result.accounts, *one.accounts), [*result.rejects, *one.rejects]
        result = Overridden(one.products, accounts, rejects)
    return result


def count_overrides(overridden: Overridden, tally: Tally) -> None:
    """Add the files to the accounts, as one table."""
    if overridden.accounts:
        rows = sum(one.rows for one in overridden.accounts)
        rejected = sum(one.rejected for one in overridden.accounts)
        reasons = count_reasons(overridden.rejects)
        tally.add_table(OVERRIDES.name, rows, rows - rejected, reasons)


def _catalog(products: pa.Table, unlabelled: Collection[str]) -> _Catalog:
    names = [*unlabelled, *products["department"].unique().to_pylist()]
    coded = ["department", "department_id"]
    ids = _distinct(products, coded) if coded[1] in products.column_names else []
    places = set(_distinct(products, ["aisle", "department"]))
    return _Catalog({text(name): name for name in names}, dict(ids), places)


def _distinct(products: pa.Table, names: list[str]) -> list[tuple[Any, ...]]:
    rows = products.select(names).group_by(names).aggregate([]).select(names)
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


def _apply(products: pa.Table, source: Source, catalog: _Catalog) -> Overridden:
    """One file."""
    records = read_records((source,))
    given = [_Given.of(record) for record in records.good]
    rows = _rows(products, [one.id for one in given])
    names = products["product_name"].take(rows).to_pylist()
    contradicting = _contradicting(given)
    moves: dict[int, str] = {}
    rejects, skipped = list(records.rejects), 0
    for record, one, row, name in zip(records.good, given, rows.to_pylist(), names, strict=True):
        if not one.department:
            skipped += 1
        elif reason := _wrong(one, name, contradicting, catalog):
            rejects.append(record.rejected(reason))
        else:
            moves[row] = catalog.departments[text(one.department)]
    read = len(records.good) + len(records.rejects)
    check_any(read - len(rejects), rejects, (source,))
    moved, applied = _moved(products, moves, catalog)
    account = OverridesAccount(
        file=source.file.name,
        fingerprint=fingerprint(source.file.read(0, source.file.size)),
        rows=read,
        applied=applied,
        unchanged=read - len(rejects) - skipped - applied,
        skipped=skipped,
        rejected=len(rejects),
    )
    return Overridden(moved, (account,), rejects)


def _rows(products: pa.Table, ids: Sequence[str]) -> pa.Array:
    """The product of each id, null where there is none."""
    known = products["product_id"].cast(pa.string()).combine_chunks()
    return pc.index_in(pa.array(ids, pa.string()), value_set=known)


def _contradicting(given: Iterable[_Given]) -> set[str]:
    """Ids of several departments."""
    first: dict[str, str] = {}
    return {
        one.id
        for one in given
        if one.department and first.setdefault(one.id, text(one.department)) != text(one.department)
    }


def _wrong(
    given: _Given, name: str | None, contradicting: Collection[str], catalog: _Catalog
) -> Reason | None:
    """Why a correction cannot be taken; `name` is the product's, None where there is no such."""
    if name is None:
        return Reason.PRODUCT
    if given.name and text(given.name) != text(name):
        return Reason.STALE
    if text(given.department) not in catalog.departments:
        return Reason.DEPARTMENT
    return Reason.CONTRADICTION if given.id in contradicting else None


def _moved(products: pa.Table, moves: dict[int, str], catalog: _Catalog) -> tuple[pa.Table, int]:
    """Products with their new departments, and how many have one they had not."""
    rows = np.array(sorted(moves), np.int64)
    old = products.select(["department", "aisle"]).take(pa.array(rows)).to_pylist()
    new = [moves[row] for row in rows.tolist()]
    changed = [at for at, name in enumerate(new) if old[at]["department"] != name]
    homeless = [at for at in changed if (old[at]["aisle"], new[at]) not in catalog.places]
    names = [new[at] for at in changed]
    replaced: dict[str, tuple[list[int], Sequence[Any]]] = {
        "department": (changed, names),
        "department_id": (changed, [catalog.ids.get(name) for name in names]),
        "aisle": (homeless, [None] * len(homeless)),
        "aisle_id": (homeless, [None] * len(homeless)),
    }
    for column, (at, values) in replaced.items():
        if column in products.column_names:
            products = _replaced(products, column, rows[at], values)
    return products, len(changed)


def _replaced(
    products: pa.Table, name: str, rows: NDArray[np.int64], values: Sequence[Any]
) -> pa.Table:
    """Other values in a column, at some rows in ascending order."""
    mask = np.zeros(products.num_rows, bool)
    mask[rows] = True
    column = products[name].combine_chunks()
    column = pc.replace_with_mask(column, pa.array(mask), pa.array(values, column.type))
    return products.set_column(products.column_names.index(name), name, column)

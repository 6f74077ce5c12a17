"""The catalog of the tables: products with their aisle and department."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.errors import InputError
from shelftag.tables.dimension import Dimension
from shelftag.tables.lookup import Lookup
from shelftag.tables.parse import table_of
from shelftag.tables.quick import read_quickly
from shelftag.tables.records import Record, Records, columns_of, read_records, unique_records
from shelftag.tables.rejects import Reason, Reject, count_reasons
from shelftag.tables.schemas import ORDER_LINE, Column
from shelftag.tables.sources import Source

SMALL = ("products", "aisles", "departments")


class Catalog(NamedTuple):
    """The three small tables, joined."""

    products: pa.Table
    """product_id (int64, ascending), product_name, aisle_id, department_id, aisle, department,
    and description where products.csv has it."""
    read: dict[str, int]
    """Table -> rows in the file."""
    taken: dict[str, int]
    """Table -> rows that are used."""
    rejects: list[Reject]

    def dimension(self, often: NDArray[np.int64]) -> Dimension:
        """What an order line is given of its product.

        Args:
            often: how often each product is seen among some lines, [products]. The dictionary
                of names has the common ones first: their places are small numbers, which
                compress better.
        """
        names = ["product_name", "aisle_id", "department_id", "aisle", "department"]
        order = np.argsort(-often, kind="stable")
        products = self.products.select(names).take(pa.array(order))
        back = pa.array(np.argsort(order))
        columns = [
            products[name].cast(ORDER_LINE.field(name).type).combine_chunks().take(back)
            for name in names
        ]
        ids = self.products["product_id"].to_numpy()
        return Dimension(Lookup.of(ids), pa.RecordBatch.from_arrays(columns, names))


def read_catalog(sources: dict[str, tuple[Source, ...]]) -> Catalog:
    """Products, aisles and departments; a product of an unknown one of them is rejected.

    Raises:
        InputError: no product is left.
        Failed: a file is cut off or damaged.
    """
    return _read_quickly(sources) or _read_rows(sources)


def _read_quickly(sources: dict[str, tuple[Source, ...]]) -> Catalog | None:
    """The catalog, if every row of every table is good: twenty times as fast."""
    tables = {name: read_quickly(sources[name]) for name in SMALL}
    products, aisles, departments = (tables[name] for name in SMALL)
    if products is None or aisles is None or departments is None:
        return None
    for name, table in (("aisle", aisles), ("department", departments)):
        place = pc.index_in(products[f"{name}_id"], table[f"{name}_id"].combine_chunks())
        if place.null_count:
            return None
        products = products.append_column(name, table[name].take(place))
    rows = {name: table.num_rows for name, table in tables.items() if table is not None}
    return Catalog(products.sort_by("product_id"), rows, rows, [])


def _read_rows(sources: dict[str, tuple[Source, ...]]) -> Catalog:
    """The catalog, row by row: the good, and the rejected with their reasons."""
    tables = {name: read_records(sources[name]) for name in SMALL}
    read = {name: len(table.good) + len(table.rejects) for name, table in tables.items()}
    for name in ("aisles", "departments"):
        tables[name] = unique_records(tables[name])
    aisles, departments = _names(tables["aisles"]), _names(tables["departments"])
    tables["products"] = unique_records(_join(tables["products"], aisles, departments))
    taken, rejects = tables["products"]
    check_any(len(taken), rejects, sources["products"])
    columns = columns_of(sources["products"])
    return Catalog(
        products=_table(tables["products"].good, columns, aisles, departments),
        read=read,
        taken={name: len(table.good) for name, table in tables.items()},
        rejects=[row for table in tables.values() for row in table.rejects],
    )


def check_any(taken: int, rejects: list[Reject], sources: tuple[Source, ...]) -> None:
    """Some row of a table must be taken.

    Raises:
        InputError: with the reasons of the rejected counted.
    """
    if taken:
        return
    reasons = count_reasons(rejects)
    found = ", ".join(f"{count:,} x {reason}" for reason, count in reasons.most_common())
    names = ", ".join(source.file.name for source in sources)
    raise InputError(f"{names} has no row that can be taken ({found})", f"mend {names}")


def _names(records: Records) -> dict[Any, str]:
    return {record.values[0]: str(record.values[1]) for record in records.good}


def _join(products: Records, aisles: dict[Any, str], departments: dict[Any, str]) -> Records:
    """The products whose aisle and department exist."""
    joined = Records([], list(products.rejects))
    for record in products.good:
        _, _, aisle_id, department_id, *_ = record.values
        if aisle_id in aisles and department_id in departments:
            joined.good.append(record)
            continue
        reason = Reason.DEPARTMENT if aisle_id in aisles else Reason.AISLE
        joined.rejects.append(record.rejected(reason))
    return joined


def _table(
    records: list[Record],
    columns: tuple[Column, ...],
    aisles: dict[Any, str],
    departments: dict[Any, str],
) -> pa.Table:
    table = table_of([record.values for record in records], columns)
    for name, names in (("aisle", aisles), ("department", departments)):
        texts = [names[key] for key in table[f"{name}_id"].to_pylist()]
        table = table.append_column(name, pa.array(texts, pa.string()))
    return table.sort_by("product_id")

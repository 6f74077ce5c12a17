"""The catalog of the tables: products with their aisle and department."""

from typing import Any, NamedTuple

import pyarrow as pa

from shelftag.tables.dimension import Dimension
from shelftag.tables.lookup import Lookup
from shelftag.tables.parse import table_of
from shelftag.tables.records import Record, Records, read_records, unique_records
from shelftag.tables.rejects import Reason, Reject, reject
from shelftag.tables.schemas import ORDER_LINE
from shelftag.tables.sources import Source


class Catalog(NamedTuple):
    """The three small tables, joined."""

    products: pa.Table
    """product_id (int64, ascending), product_name, aisle_id, department_id, aisle, department,
    and description where products.csv has it."""
    read: dict[str, int]
    """Table -> rows in the file."""
    rejects: list[Reject]

    def dimension(self) -> Dimension:
        """What an order line is given of its product."""
        names = ["product_name", "aisle_id", "department_id", "aisle", "department"]
        columns = [
            self.products[name].cast(ORDER_LINE.field(name).type).combine_chunks() for name in names
        ]
        ids = self.products["product_id"].to_numpy()
        return Dimension(Lookup.of(ids), pa.RecordBatch.from_arrays(columns, names))


def read_catalog(sources: dict[str, Source]) -> Catalog:
    """Products, aisles and departments; a product of an unknown one of them is rejected."""
    tables = {
        name: unique_records(read_records(sources[name]), sources[name])
        for name in ("aisles", "departments")
    }
    products = read_records(sources["products"])
    aisles, departments = _names(tables["aisles"]), _names(tables["departments"])
    joined = _join(products, aisles, departments, sources["products"])
    tables["products"] = unique_records(joined, sources["products"])
    return Catalog(
        _table(tables["products"].good, aisles, departments, sources["products"]),
        {name: table.read for name, table in tables.items()},
        [row for table in tables.values() for row in table.rejects],
    )


def _names(records: Records) -> dict[Any, str]:
    return {record.values[0]: str(record.values[1]) for record in records.good}


def _join(
    products: Records, aisles: dict[Any, str], departments: dict[Any, str], source: Source
) -> Records:
    """The products whose aisle and department exist."""
    joined = Records([], list(products.rejects))
    for record in products.good:
        _, _, aisle_id, department_id, *_ = record.values
        if aisle_id in aisles and department_id in departments:
            joined.good.append(record)
            continue
        reason = Reason.DEPARTMENT if aisle_id in aisles else Reason.AISLE
        joined.rejects.append(reject(source, record.position, reason, record.raw))
    return joined


def _table(
    records: list[Record], aisles: dict[Any, str], departments: dict[Any, str], source: Source
) -> pa.Table:
    table = table_of([record.values for record in records], source)
    for name, names in (("aisle", aisles), ("department", departments)):
        texts = [names[key] for key in table[f"{name}_id"].to_pylist()]
        table = table.append_column(name, pa.array(texts, pa.string()))
    return table.sort_by("product_id")

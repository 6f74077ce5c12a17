"""The six tables and the joined order line: columns, types and bounds."""

from dataclasses import dataclass

import pyarrow as pa

MAX_ID = 2**63 - 1
MAX_ORDINAL = 2**15 - 1  # order_number and add_to_cart_order are stored as int16
MAX_DAYS = 3_650


@dataclass(frozen=True)
class Column:
    """A column that is read. Numbers lie in [low, high]; a text is never empty."""

    name: str
    type: pa.DataType
    low: int = 0
    high: int = 0
    nullable: bool = False
    choices: tuple[str, ...] = ()
    """The only values a text may have; none allows all."""
    optional: bool = False
    """Read where the header has it."""


@dataclass(frozen=True)
class TableSchema:
    """A table, in `name.csv`. Other columns may stand in the file; they are not read."""

    name: str
    columns: tuple[Column, ...]


def _id(name: str) -> Column:
    return Column(name, pa.int64(), high=MAX_ID)


def _order_products(name: str) -> TableSchema:
    return TableSchema(
        name,
        (
            _id("order_id"),
            _id("product_id"),
            Column("add_to_cart_order", pa.int16(), low=1, high=MAX_ORDINAL),
            Column("reordered", pa.int8(), high=1),
        ),
    )


ORDERS = TableSchema(
    "orders",
    (
        _id("order_id"),
        _id("user_id"),
        Column("eval_set", pa.string(), choices=("prior", "train", "test")),
        Column("order_number", pa.int16(), low=1, high=MAX_ORDINAL),
        Column("order_dow", pa.int8(), high=6),
        Column("order_hour_of_day", pa.int8(), high=23),
        Column("days_since_prior_order", pa.float32(), high=MAX_DAYS, nullable=True),
    ),
)
PRIOR = _order_products("order_products__prior")
TRAIN = _order_products("order_products__train")
PRODUCTS = TableSchema(
    "products",
    (
        _id("product_id"),
        Column("product_name", pa.string()),
        _id("aisle_id"),
        _id("department_id"),
        Column("description", pa.string(), nullable=True, optional=True),
    ),
)
AISLES = TableSchema("aisles", (_id("aisle_id"), Column("aisle", pa.string())))
DEPARTMENTS = TableSchema("departments", (_id("department_id"), Column("department", pa.string())))

TABLES = (ORDERS, PRIOR, TRAIN, PRODUCTS, AISLES, DEPARTMENTS)
ORDER_TABLES = (PRIOR.name, TRAIN.name)

CATEGORY = pa.dictionary(pa.int32(), pa.string())

ORDER_LINE = pa.schema(
    {
        "order_id": pa.int64(),
        "product_id": pa.int64(),
        "add_to_cart_order": pa.int16(),
        "reordered": pa.int8(),
        "user_id": pa.int64(),
        "eval_set": CATEGORY,
        "order_number": pa.int16(),
        "order_dow": pa.int8(),
        "order_hour_of_day": pa.int8(),
        "days_since_prior_order": pa.float32(),
        "product_name": CATEGORY,
        "aisle_id": pa.int64(),
        "department_id": pa.int64(),
        "aisle": CATEGORY,
        "department": CATEGORY,
    }
)
"""A kept line of `order_lines/`."""


def can_be(found: pa.DataType, column: Column) -> bool:
    """Whether values of a stored type can be those of a column."""
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_decimal(found):  # an id with decimals is no id
        return bool(found.scale == 0) or pa.types.is_floating(column.type)
    return is_text(found) or _is_number(found) or pa.types.is_null(found)


def is_text(kind: pa.DataType) -> bool:
    """Whether a stored type is one of Arrow's texts."""
    is_view = pa.types.is_string_view(kind)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or is_view)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )

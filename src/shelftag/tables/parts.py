"""Parquet files of a Dataset, and no others."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import part_name
from shelftag.tables.rejects import Reject, rejects_table

ENCODINGS = {
    # rising or in runs: their differences are small, and a dictionary of them would be large
    "order_id": "DELTA_BINARY_PACKED",
    "user_id": "DELTA_BINARY_PACKED",
    "reordered": "DELTA_BINARY_PACKED",
    # small numbers: their bytes set apart compress better than places in a dictionary, and sooner
    "add_to_cart_order": "BYTE_STREAM_SPLIT",
    "order_number": "BYTE_STREAM_SPLIT",
    "order_dow": "BYTE_STREAM_SPLIT",
    "order_hour_of_day": "BYTE_STREAM_SPLIT",
    "aisle_id": "BYTE_STREAM_SPLIT",
    "department_id": "BYTE_STREAM_SPLIT",
}
"""Of the columns that are better without a dictionary; measured on made lines."""


def write_order_lines(lines: pa.Table, folder: Path) -> list[str]:
    """Write kept lines and return the names of their parts: one, or none for no lines.

    A part is one row group, so that each of its dictionaries is stored once.
    """
    if not lines.num_rows:
        return []
    name = part_name()
    pq.write_table(
        lines,
        folder / name,
        row_group_size=lines.num_rows,
        compression="zstd",
        compression_level=3,
        use_dictionary=[column for column in lines.column_names if column not in ENCODINGS],
        column_encoding=ENCODINGS,
        dictionary_pagesize_limit=2**30,  # past the limit all values would be written in full
        write_statistics=[
            field.name for field in lines.schema if not pa.types.is_dictionary(field.type)
        ],  # finding the first and last of 30 million texts is a third of the work of writing
    )
    return [name]


def write_rejects(rejects: Iterable[Reject], folder: Path) -> list[str]:
    """Write rejected rows and return the names of their parts: one, or none for no rows."""
    table = rejects_table(rejects)
    if not table.num_rows:
        return []
    name = part_name()
    pq.write_table(table, folder / name, compression="zstd")
    return [name]


def count_rows(folder: Path, names: Iterable[str]) -> int:
    """Rows that the footers of parts tell of."""
    return sum(pq.read_metadata(folder / name).num_rows for name in names)


def remove_others(folder: Path, names: Iterable[str]) -> None:
    """Remove what tasks that died left behind: parts that nobody names."""
    named = set(names)
    for file in folder.iterdir():
        if file.name not in named:
            file.unlink()

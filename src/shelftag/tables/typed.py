"""Rows of a Parquet file: cast where their types fit, else written as the text of a CSV.

So a row is judged as its CSV line would be, and there is one judge of what is a bad row.
"""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from shelftag.tables.schemas import CATEGORY, Column, is_text
from shelftag.tables.sources import Source


def stored(column: Column) -> pa.DataType:
    """The type of a column in a parsed table."""
    return CATEGORY if column.choices else column.type


def cast(rows: pa.Table, source: Source) -> pa.Table | None:
    """Rows as `source.columns`, or none if a type or a value of theirs does not fit."""
    if any(is_text(rows[c.name].type) and not c.choices for c in source.columns):
        return None
    try:
        return pa.table({c.name: _cast(rows[c.name], c) for c in source.columns})
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def as_csv(rows: pa.Table, source: Source) -> bytes:
    """A line for each row, with the fields of `source.columns`; line ends in texts are spaces."""
    table = pa.table({column.name: _on_one_line(texts(rows, column)) for column in source.columns})
    try:
        return _write(table, "none")  # plain lines take the fast paths
    except pa.ArrowInvalid:
        return _write(table, "needed")


def written(source: Source) -> Source:
    """The source that `as_csv` of it is."""
    return replace(source, header=tuple(column.name for column in source.columns))


def texts(rows: pa.Table, column: Column) -> pa.ChunkedArray:
    """A column's values as CSV has them; null is null."""
    values = rows[column.name]
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if column.type != pa.string() and pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if pa.types.is_integer(column.type) and pa.types.is_floating(values.type):
        return _whole_numbers(values)
    return values.cast(pa.string())


def _whole_numbers(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """7.0 is 7, as pandas stores whole numbers beside nulls; 7.5 stays."""
    values = values.cast(pa.float64())
    is_whole = pc.and_(pc.equal(values, pc.trunc(values)), pc.less(pc.abs(values), 2.0**63))
    whole = pc.if_else(is_whole, values, None).cast(pa.int64())
    return pc.coalesce(whole.cast(pa.string()), values.cast(pa.string()))


def _cast(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    if not column.choices:
        return values.cast(column.type)
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    return values.cast(CATEGORY)


def _on_one_line(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(values, "[\r\n]", " ")


def _write(table: pa.Table, quoting: str) -> bytes:
    lines = pa.BufferOutputStream()
    options = pcsv.WriteOptions(include_header=False, quoting_style=quoting)
    pcsv.write_csv(table, lines, options)
    data: bytes = lines.getvalue().to_pybytes()
    return data

"""A small table at once, where every row of it is good beyond doubt.

Any other goes to `records`, which reads row by row and knows what is wrong with one.
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from shelftag.tables.ranges import table_chunks
from shelftag.tables.schemas import Column
from shelftag.tables.sources import Source

STRAY_QUOTE = re.compile(rb'"(?<![,\n]")(?![,\r\n]|\Z)')  # pyarrow.csv reads on over one
HEXADECIMAL = re.compile(rb"0[xX]")  # pyarrow.csv takes 0x1F for a number
BLOCK_BYTES = 2**26


def read_quickly(sources: tuple[Source, ...]) -> pa.Table | None:
    """The rows of a table, its columns as `Source.columns`, the first of them unique; or none.

    Raises:
        Failed: the file is cut off or damaged.
    """
    source = sources[0]
    if len(sources) > 1 or source.file.format == "parquet":
        return None
    data = b"".join(chunk.data for _, chunk in table_chunks(sources, BLOCK_BYTES))
    doubtful = HEXADECIMAL.search(data) or is_doubtful(data)
    types = {column.name: column.type for column in source.columns}
    rows = None if doubtful else read_columns(data, types, source)
    if rows is None or rows.num_rows != data.count(b"\n") + (not data.endswith(b"\n")):
        return None  # some row is not a line
    if not all(_is_good(rows[column.name], column) for column in source.columns):
        return None
    ids = rows[source.columns[0].name]
    return rows if pc.count_distinct(ids).as_py() == len(ids) else None


def is_doubtful(data: bytes) -> bool:
    """Whether pyarrow.csv may read texts in it otherwise than `records` does."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    if b"\0" in data:
        return True
    return b'"' in data and STRAY_QUOTE.search(b"\n" + data.replace(b'""', b"")) is not None


def read_columns(data: bytes, types: Mapping[str, pa.DataType], source: Source) -> pa.Table | None:
    """Some columns of whole lines, a text of which may hold line ends; none if pyarrow refuses."""
    try:
        return pcsv.read_csv(
            pa.BufferReader(data),
            read_options=pcsv.ReadOptions(column_names=source.header, use_threads=False),
            parse_options=pcsv.ParseOptions(newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                include_columns=list(types),
                column_types=dict(types),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _is_good(values: pa.ChunkedArray, column: Column) -> bool:
    if column.type == pa.string():
        blank = pc.any(pc.equal(pc.utf8_trim_whitespace(values), "")).as_py()
        return not blank and not (values.null_count and not column.nullable)
    ends = pc.min_max(values).as_py()
    return not values.null_count and column.low <= ends["min"] and ends["max"] <= column.high

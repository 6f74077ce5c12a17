"""The tables that order lines look things up in: orders, and products with aisle and department.

Rows are sorted by id, so that lines in order of `order_id` walk through memory once.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.tables.lines import places
from shelftag.tables.lookup import Lookup
from shelftag.tables.parse import Parsed, parse
from shelftag.tables.ranges import ByteRange, byte_ranges, read_range
from shelftag.tables.rejects import Reason, Reject, reject
from shelftag.tables.schemas import CATEGORY, ORDERS
from shelftag.tables.sources import Source


@dataclass(frozen=True)
class Dimension:
    """n rows by id; `columns` has what a line is given of them, narrow, texts as dictionaries."""

    lookup: Lookup
    columns: pa.RecordBatch


class Orders(NamedTuple):
    """The orders table, read."""

    dimension: Dimension
    """Columns: those of `schemas.ORDERS` but order_id, which a line has."""
    read: int
    rejects: list[Reject]


def read_orders(source: Source, block_bytes: int) -> Orders:
    """The whole orders table, the first row of each order_id."""
    ranges = byte_ranges(source, block_bytes)
    parsed = [_parse(source, part) for part in ranges]
    rows = pa.concat_tables([piece.rows for piece in parsed])
    ids, first = np.unique(rows["order_id"].to_numpy(), return_index=True)
    rejects = [row for piece in parsed for row in piece.rejects]
    if len(first) < rows.num_rows:
        later = np.setdiff1d(np.arange(rows.num_rows), first)
        rejects += _duplicates(later, source, ranges, parsed)
    columns = _batch(rows.take(pa.array(first)).drop_columns("order_id"))
    read = sum(piece.read for piece in parsed)
    return Orders(Dimension(Lookup.of(ids), columns), read, rejects)


def _parse(source: Source, part: ByteRange) -> Parsed:
    return parse(*read_range(source, part), source)


def _duplicates(
    rows: NDArray[np.int64], source: Source, ranges: list[ByteRange], parsed: list[Parsed]
) -> list[Reject]:
    """Rejects for rows of the concatenated pieces: rare, so their bytes are read again."""
    found: list[Reject] = []
    begin = 0
    for part, piece in zip(ranges, parsed, strict=True):
        end = begin + piece.rows.num_rows
        mine = rows[(rows >= begin) & (rows < end)] - begin
        if len(mine):
            chunk, start = read_range(source, part)
            found += [
                reject(source, position, Reason.DUPLICATE, raw)
                for position, raw in places(chunk, start, piece.rejects, mine)
            ]
        begin = end
    return found


def _batch(rows: pa.Table) -> pa.RecordBatch:
    """One batch, `eval_set` with one small dictionary."""
    names = next(column.choices for column in ORDERS.columns if column.choices)
    at = rows.schema.get_field_index("eval_set")
    codes = pc.index_in(rows["eval_set"].cast(pa.string()), pa.array(names)).combine_chunks()
    eval_set = pa.DictionaryArray.from_arrays(codes, pa.array(names))
    rows = rows.set_column(at, pa.field("eval_set", CATEGORY), eval_set)
    return pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in rows.columns], schema=rows.schema
    )

"""The tables that order lines look things up in: orders, and products with aisle and department.

Rows are sorted by id, so that lines in order of `order_id` walk through memory once.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.tables.lines import places
from shelftag.tables.lookup import Lookup, first_by_id
from shelftag.tables.parse import Parsed, parse
from shelftag.tables.ranges import table_chunks
from shelftag.tables.rejects import Reason, Reject, reject
from shelftag.tables.schemas import ORDERS
from shelftag.tables.sources import Source
from shelftag.threads import in_order

BLOCK_BYTES = 2**24


@dataclass(frozen=True)
class Dimension:
    """n rows by id; `columns` has what a line is given of them, texts as dictionaries, and all as
    narrow as can be: each worker maps them, and a page of shared memory costs more than a cast."""

    lookup: Lookup
    columns: pa.RecordBatch


class Orders(NamedTuple):
    """The orders table, read."""

    dimension: Dimension
    """Columns: those of `schemas.ORDERS` but order_id, which a line has."""
    read: int
    rejects: list[Reject]


def read_orders(sources: tuple[Source, ...], block_bytes: int = BLOCK_BYTES) -> Orders:
    """The whole orders table, the first row of each order_id; parsed in threads."""
    chunks = table_chunks(sources, block_bytes)
    parsed = list(in_order(lambda found: parse(found[1], found[0]), chunks))
    rows = pa.concat_tables([piece.rows for piece in parsed])
    ids = rows["order_id"].to_numpy()
    first = first_by_id(ids)
    rejects = [row for piece in parsed for row in piece.rejects]
    if len(first) < rows.num_rows:
        later = np.setdiff1d(np.arange(rows.num_rows), first)
        rejects += _duplicates(later, sources, block_bytes, parsed)
    columns = _batch(rows.drop_columns("order_id"), first)
    read = sum(piece.read for piece in parsed)
    return Orders(Dimension(Lookup.of(ids[first]), columns), read, rejects)


def _duplicates(
    rows: NDArray[np.int64], sources: tuple[Source, ...], block_bytes: int, parsed: list[Parsed]
) -> list[Reject]:
    """Rejects for rows of the concatenated chunks: rare, so the table is read again."""
    found: list[Reject] = []
    begin = 0
    for (source, chunk), piece in zip(table_chunks(sources, block_bytes), parsed, strict=True):
        end = begin + piece.rows.num_rows
        mine = rows[(rows >= begin) & (rows < end)] - begin
        if len(mine):
            found += [
                reject(source, position, Reason.DUPLICATE, raw)
                for position, raw in places(chunk, source, piece.rejects, mine)
            ]
        begin = end
    return found


def _batch(rows: pa.Table, order: NDArray[np.integer[Any]]) -> pa.RecordBatch:
    """Some rows as one batch, `eval_set` with one small dictionary."""
    at = rows.schema.get_field_index("eval_set")
    rows = rows.set_column(at, "eval_set", _one_dictionary(rows["eval_set"]))
    at = rows.schema.get_field_index("user_id")
    if rows.num_rows and pc.max(rows["user_id"]).as_py() < 2**31:
        rows = rows.set_column(at, "user_id", rows["user_id"].cast(pa.int32()))
    return pa.RecordBatch.from_arrays(
        [column.combine_chunks().take(pa.array(order)) for column in rows.columns],
        schema=rows.schema,
    )


def _one_dictionary(eval_set: pa.ChunkedArray) -> pa.ChunkedArray:
    """Pieces of a file meet the values in different orders; here all have one order."""
    names = pa.array(next(column.choices for column in ORDERS.columns if column.choices))
    chunks = []
    for chunk in eval_set.chunks:
        codes = pc.index_in(chunk.dictionary, names).cast(pa.int8()).take(chunk.indices)
        chunks.append(pa.DictionaryArray.from_arrays(codes, names))
    return pa.chunked_array(chunks, pa.dictionary(pa.int8(), pa.string()))

"""A large table in which a text may hold line ends: the catalog of a shop.

    file --> block --> all its rows good beyond doubt? --yes--> columns
                                 |
                                 no --> `records`, row by row --> good, rejected

A row may go on past its block; the next block begins after it.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shelftag.tables.lines import lines
from shelftag.tables.parse import table_of
from shelftag.tables.quick import is_doubtful, read_columns
from shelftag.tables.ranges import Chunk, table_chunks
from shelftag.tables.records import (
    MAX_LINES,
    Records,
    Row,
    csv_rows,
    judge,
    parquet_rows,
    rows_of,
    whole_csv,
)
from shelftag.tables.rejects import Reason, Reject, reject
from shelftag.tables.schemas import Column
from shelftag.tables.sources import Source
from shelftag.tables.typed import texts

BLOCK_BYTES = 2**15  # a bad row costs the reading of its block row by row
WHOLE = "^[0-9]{1,18}$"


class Bulk(NamedTuple):
    """The rows of a table."""

    rows: pa.Table
    """The columns of the table's schema."""
    read: int
    """Rows in the files."""
    rejects: list[Reject]


class _Block(NamedTuple):
    """The rows of one block of a file: `rows` as `Source.columns`, and where each stands."""

    rows: pa.Table
    positions: NDArray[np.int64]
    rejects: list[Reject]


def read_bulk(sources: Sequence[Source]) -> Bulk:
    """Every row of a table, the first of each id (the first column); the others are rejected.

    Raises:
        Failed: a file is cut off or damaged.
    """
    files = [list(_blocks(source)) for source in sources]
    blocks = [block for file in files for block in file]
    rows = pa.concat_tables([block.rows for block in blocks])
    rejects = [row for block in blocks for row in block.rejects]
    read = rows.num_rows + len(rejects)
    first = _first(rows.column(0))
    begin = 0
    for source, file in zip(sources, files, strict=True):
        positions = np.concatenate([block.positions for block in file])
        is_first = first[begin : begin + len(positions)]
        rejects += _duplicates(source, positions[~is_first])
        begin += len(positions)
    return Bulk(rows.filter(pa.array(first)), read, rejects)


def _first(ids: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Whether each id is met for the first time: a dictionary numbers values as they come."""
    codes = ids.combine_chunks().dictionary_encode().indices.to_numpy()
    first: NDArray[np.bool_] = np.diff(np.maximum.accumulate(codes), prepend=-1) > 0
    return first


def _duplicates(source: Source, positions: NDArray[np.int64]) -> list[Reject]:
    """Rejects for the rows at some positions: rare, so the file is read again."""
    if not len(positions):
        return []
    wanted = set(positions.tolist())
    return [
        reject(source, position, Reason.DUPLICATE, raw)
        for position, raw, _ in rows_of(source)
        if position in wanted
    ]


def _blocks(source: Source) -> Iterator[_Block]:
    return _parquet(source) if source.file.format == "parquet" else _csv(source)


def _csv(source: Source) -> Iterator[_Block]:
    data, at = whole_csv(source), 0
    while at < len(data):
        end = _after_line(data, at + BLOCK_BYTES)
        block = data[at:end]
        rows = _at_once(block, source)
        if rows is not None:
            starts = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
            starts = np.insert(starts, 0, 0)[: rows.num_rows]
            yield _Block(rows, starts + (source.body_start + at), [])
        else:
            taken = list(_rows_from(data, at, end, source))
            yield _one_by_one(judge(taken, source), source)
            ends = [position + len(raw) - source.body_start for position, raw, _ in taken]
            end = max([end, *ends[-1:]])
        at = end


def _parquet(source: Source) -> Iterator[_Block]:
    for _, chunk in table_chunks((source,), BLOCK_BYTES):
        rows = _typed(_texts(chunk, source), source.columns)
        if rows is None:
            yield _one_by_one(judge(parquet_rows(chunk, source), source), source)
        else:
            yield _Block(rows, np.arange(chunk.start, chunk.start + rows.num_rows), [])


def _texts(chunk: Chunk, source: Source) -> pa.Table:
    """A piece of Parquet as a CSV would have it."""
    columns = {column.name: texts(chunk.data, column) for column in source.columns}
    return pa.table(
        {name: pc.if_else(pc.equal(values, ""), None, values) for name, values in columns.items()}
    )


def _one_by_one(records: Records, source: Source) -> _Block:
    rows = table_of([record.values for record in records.good], source.columns)
    positions = np.array([record.position for record in records.good], np.int64)
    return _Block(rows, positions, records.rejects)


def _rows_from(data: bytes, start: int, end: int, source: Source) -> Iterator[Row]:
    """The rows that begin in [start, end); the last may take lines beyond."""
    beyond = end
    for _ in range(MAX_LINES):
        beyond = _after_line(data, beyond)
    table = list(lines(data[start:beyond], source.body_start + start))
    for row in csv_rows(table, source):
        if row[0] >= source.body_start + end:
            return
        yield row


def _after_line(data: bytes, at: int) -> int:
    """Where the line at `at` is at its end."""
    return data.find(b"\n", at) + 1 or len(data)


def _at_once(block: bytes, source: Source) -> pa.Table | None:
    """The rows of whole lines, if each is one and good."""
    if is_doubtful(block) or block.count(b"\r") != block.count(b"\r\n"):
        return None
    types = {column.name: pa.string() for column in source.columns}
    rows = read_columns(block, types, source)
    if rows is None or rows.num_rows != block.count(b"\n") + (not block.endswith(b"\n")):
        return None
    return _typed(rows, source.columns)


def _typed(rows: pa.Table, columns: Sequence[Column]) -> pa.Table | None:
    """Texts as the columns they are, if all are good beyond doubt."""
    if not all(_is_good(rows[column.name], column) for column in columns):
        return None
    typed = pa.table({column.name: rows[column.name].cast(column.type) for column in columns})
    numbers = [column for column in columns if column.type != pa.string()]
    highest = [(pc.max(typed[column.name]).as_py(), column.high) for column in numbers]
    return typed if all(found is None or found <= high for found, high in highest) else None


def _is_good(values: pa.ChunkedArray, column: Column) -> bool:
    if values.null_count and not column.nullable:
        return False
    if column.type != pa.string():
        return pc.all(pc.match_substring_regex(values, WHOLE)).as_py() is not False
    blank = pc.any(pc.equal(pc.utf8_trim_whitespace(values), "")).as_py()
    return not blank and not pc.any(pc.match_substring(values, "\0")).as_py()

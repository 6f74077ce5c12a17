"""What people look at afterwards, as CSV: names for review, and names whose department changed.

A row is a name, decided once however many rows of the catalog have it.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from shelftag.artifacts import Tags
from shelftag.catalog.spreadsheet import guarded_column
from shelftag.tagging.bulk.earlier import Found
from shelftag.tagging.bulk.rankings import ranking_of
from shelftag.tagging.columns import TAG_COLUMNS, tags_table

REVIEW, CHANGES = "review", "changes"
MOST_SORTED = 500_000
"""Rows of a queue that are put in order; more are written as they come, to need no room."""


def for_review(scored: pa.Table, labels: Sequence[str]) -> pa.Table:
    """Names for review, and what a tag says of them."""
    rows = scored.filter(scored["review"])
    tags = tags_table(ranking_of(rows), labels)
    columns = {name: rows[name] for name in ("name", "description", "rows")}
    return pa.table(columns | {name: _plain(tags[name]) for name in TAG_COLUMNS[:-1]})


def changed(
    scored: pa.Table, found: Found, labels: Sequence[str], old_labels: Sequence[str]
) -> pa.Table:
    """Names that an earlier output has too, with another department."""
    both = np.flatnonzero(found.place >= 0)
    rows, old = scored.take(pa.array(both)), found.names.take(pa.array(found.place[both]))
    if not len(rows):
        return scored.schema.empty_table().select(["name", "description", "rows"])
    columns = {name: rows[name] for name in ("name", "description", "rows")}
    columns["old_department"], columns["old_confidence"] = _first(old, old_labels)
    columns["department"], columns["confidence"] = _first(rows, labels)
    table = pa.table(columns)
    return table.filter(pc.not_equal(table["old_department"], table["department"]))


def _first(scored: pa.Table, labels: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    ranking = ranking_of(scored)
    names = pa.array(labels, pa.string()).take(pa.array(ranking.departments[:, 0]))
    return names, pa.array(ranking.confidence[:, 0])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def write_queue(queue: str, parts: Sequence[str], header: Sequence[str], out: Tags) -> int:
    """Write the rows of all parts as one CSV, and say how many; those that most rows of the
    catalog hang on come first, of like ones the least certain."""
    tables: Iterator[pa.Table] = (_read(part, out) for part in parts)
    rows = sum(int(pq.read_metadata(_open(part, out)).num_rows) for part in parts)
    if 0 < rows <= MOST_SORTED:
        order = [("rows", "descending"), ("confidence", "ascending"), ("name", "ascending")]
        tables = iter([pa.concat_tables(tables).sort_by(order)])
    with (out.place / f"{queue}.csv").create() as sink:
        sink.write(BOM_UTF8 + ",".join(f'"{name}"' for name in header).encode() + b"\n")
        for table in tables:
            _append(table.select(header), sink)
    return rows


def _read(part: str, out: Tags) -> pa.Table:
    with _open(part, out) as file:
        table: pa.Table = pq.read_table(file, use_threads=False)
    return table


def _open(part: str, out: Tags) -> pa.NativeFile:
    return (out.place / part).open()


def _append(table: pa.Table, sink: pa.NativeFile) -> None:
    for i, field in enumerate(table.schema):
        if field.type == pa.string():
            table = table.set_column(i, field.name, guarded_column(table[field.name]))
    pcsv.write_csv(table, sink, pcsv.WriteOptions(include_header=False, quoting_style="all_valid"))

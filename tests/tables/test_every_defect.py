"""On random tables with every defect: our join is DuckDB's of the good rows, and no row is lost."""

from collections import Counter
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.artifacts import Dataset
from shelftag.config import parse_config
from shelftag.tables.accounting import Tally
from shelftag.tables.commits import is_done, read_commit
from shelftag.tables.dimension import read_orders
from shelftag.tables.merge import Job, merge_piece
from shelftag.tables.parts import count_rows
from shelftag.tables.ranges import pieces
from shelftag.tables.schemas import ORDER_LINE, ORDER_TABLES, TABLES
from shelftag.tables.small import count_small, read_small
from shelftag.tables.sources import check_sources
from tests.tables.planted import Expected, Table, expected, needed, tables, write

CONFIG = parse_config({})
JOIN = f"""
    select {", ".join(ORDER_LINE.names)}
    from (select * from order_products__prior union all select * from order_products__train)
    join orders using (order_id) join products using (product_id)
    join aisles using (aisle_id) join departments using (department_id)
"""
Rows = Counter[tuple[Any, ...]]


def prepared(folder: Path, block_bytes: int, chunk_bytes: int) -> tuple[Dataset, Tally]:
    """The way of `shelftag prepare`, without Ray."""
    sources, dataset = check_sources(folder), Dataset(folder / "dataset")
    for part in (dataset.order_lines_dir, dataset.rejects_dir, dataset.commits_dir):
        part.mkdir(parents=True)
    orders = partial(read_orders, block_bytes=block_bytes)
    with patch("shelftag.tables.small.read_orders", orders):
        small = read_small(sources, CONFIG)
    tally = count_small(small, dataset, CONFIG)
    job = Job({name: sources[name] for name in ORDER_TABLES}, dataset, CONFIG.data)
    with patch("shelftag.tables.merge.CHUNK_BYTES", chunk_bytes):
        for files in job.sources.values():
            for piece in pieces(files, block_bytes):
                merge_piece(piece, job, small.orders.dimension, small.products)
                assert is_done(piece.name, dataset)
                products = small.catalog.products.num_rows
                tally.add_piece(*read_commit(piece.name, dataset, products))
    return dataset, tally


def joined_by_duckdb(good: dict[str, list[tuple[Any, ...]]]) -> tuple[Rows, int]:
    """Lines with an earlier order, and how many have none."""
    with duckdb.connect(config={"threads": 1}) as database:
        for table in TABLES:
            schema = pa.schema([(column.name, column.type) for column in needed(table)])
            columns = [list(values) for values in zip(*good[table.name], strict=True)]
            database.register(table.name, pa.table(columns, schema=schema))
        lines = database.execute(JOIN).fetchall()
    days = ORDER_LINE.get_field_index("days_since_prior_order")
    kept = Counter(line for line in lines if line[days] is not None)
    return kept, len(lines) - kept.total()


def lines_of(dataset: Dataset, tally: Tally) -> Rows:
    lines: Rows = Counter()
    for part in tally.parts:
        rows = pq.read_table(dataset.order_lines_dir / part)
        lines.update(zip(*(column.to_pylist() for column in rows.columns), strict=True))
    return lines


def check_rejects(
    dataset: Dataset, tally: Tally, wanted: Expected, drawn: dict[str, Table]
) -> None:
    """All that were planted, no other, and each one's text stands at its place."""
    rows = [
        row
        for part in tally.rejects_parts
        for row in pq.read_table(dataset.rejects_dir / part).to_pylist()
    ]
    found = [(row["table"], row["position"], row["reason"], row["raw"]) for row in rows]
    assert sorted(found) == sorted(wanted.rejects)
    assert tally.reasons == Counter(reason for _, _, reason, _ in wanted.rejects)
    for row in rows:
        there = drawn[row["table"]].data[row["position"] :].decode(errors="backslashreplace")
        assert there.startswith(row["raw"])
        assert Path(row["file"]).name == f"{row['table']}.csv"


@settings(max_examples=60)
@given(drawn=tables(), block_bytes=st.integers(10, 400), chunk_bytes=st.integers(1, 400))
def test_the_join_is_duckdbs_and_every_row_is_accounted_for(
    drawn: dict[str, Table], block_bytes: int, chunk_bytes: int
) -> None:
    wanted = expected(drawn)
    kept, dropped = joined_by_duckdb(wanted.good)
    with TemporaryDirectory() as name:
        write(Path(name), drawn)
        dataset, tally = prepared(Path(name), block_bytes, chunk_bytes)
        assert lines_of(dataset, tally) == kept
        check_rejects(dataset, tally, wanted, drawn)
        tally.check_balance(ORDER_TABLES, count_rows(dataset.order_lines_dir, tally.parts))
    assert (tally.kept, tally.dropped) == (kept.total(), dropped)
    for table, account in tally.tables.items():
        assert account.read == len(drawn[table].rows) == account.merged + account.rejected
        assert account.merged == len(wanted.good[table])

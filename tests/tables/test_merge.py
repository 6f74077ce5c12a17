"""The work of one task, without Ray: parts, rejects, counts."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset
from shelftag.config.data import DataConfig
from shelftag.tables.accounting import PieceCounts
from shelftag.tables.catalog import read_catalog
from shelftag.tables.commits import read_commit
from shelftag.tables.dimension import read_orders
from shelftag.tables.merge import Job, merge_piece
from shelftag.tables.parts import count_rows, remove_others
from shelftag.tables.ranges import pieces
from shelftag.tables.schemas import ORDER_LINE
from shelftag.tables.sources import check_sources
from tests.tables.made import write_tables

HEADER = "order_id,product_id,add_to_cart_order,reordered\n"


def merge(tables: Path, out: Path, **texts: str | bytes) -> tuple[PieceCounts, Dataset]:
    """All of order_products__prior as one range."""
    sources = check_sources(write_tables(tables, **texts))
    dataset = Dataset(out)
    for folder in (dataset.order_lines_dir, dataset.rejects_dir, dataset.commits_dir):
        folder.mkdir(parents=True, exist_ok=True)
    lines = sources["order_products__prior"]
    (piece,) = pieces(lines, 2**20)
    orders = read_orders(sources["orders"], 2**20).dimension
    products = read_catalog(sources).dimension(np.zeros(5, np.int64))
    merge_piece(piece, Job({piece.table: lines}, dataset, DataConfig()), orders, products)
    return read_commit(piece.name, dataset, 5)[0], dataset


def test_rejects_name_place_reason_and_text(tmp_path: Path) -> None:
    rows = "1,1,1,1\nbad\n99,1,1,1\n\n1,77,1,1\n3,1,1,0\n"
    counts, dataset = merge(tmp_path / "t", tmp_path / "d", order_products__prior=HEADER + rows)
    assert (counts.read, counts.kept, counts.dropped) == (5, 1, 1)
    file = tmp_path / "t" / "order_products__prior.csv"
    data = file.read_bytes()
    rejects = pq.read_table(dataset.rejects_dir / counts.rejects_parts[0]).to_pylist()
    assert {(row["reason"], row["raw"]) for row in rejects} == {
        ("wrong number of fields", "bad"),
        ("order does not exist", "99,1,1,1"),
        ("product does not exist", "1,77,1,1"),
    }
    for row in rejects:
        assert (row["table"], row["file"]) == ("order_products__prior", str(file))
        assert data[row["position"] :].startswith(row["raw"].encode() + b"\n")


def test_a_part_is_compact_and_says_its_types(tmp_path: Path) -> None:
    rows = "".join(f"1,{(1, 2, 12)[i % 3]},{1 + i % 99},1\n" for i in range(30_000))
    counts, dataset = merge(tmp_path / "t", tmp_path / "d", order_products__prior=HEADER + rows)
    file = pq.ParquetFile(dataset.order_lines_dir / counts.parts[0])
    assert file.schema_arrow.equals(ORDER_LINE)
    assert file.num_row_groups == 1
    group = file.metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(15)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert columns["product_name"].has_dictionary_page
    assert not columns["order_id"].has_dictionary_page
    assert sum(column.total_compressed_size for column in columns.values()) < 30_000


def test_a_range_with_nothing_to_keep_writes_no_part(tmp_path: Path) -> None:
    counts, dataset = merge(
        tmp_path / "t", tmp_path / "d", order_products__prior=HEADER + "3,1,1,0\n"
    )
    assert (counts.kept, counts.dropped, counts.parts, counts.rejects_parts) == (0, 1, [], [])
    assert list(dataset.order_lines_dir.iterdir()) == []


def test_running_a_range_twice_never_writes_over_a_part(tmp_path: Path) -> None:
    first, dataset = merge(tmp_path / "t", tmp_path / "d")
    second, _ = merge(tmp_path / "t", tmp_path / "d")
    assert first.parts != second.parts
    assert count_rows(dataset.order_lines_dir, first.parts) == first.kept
    remove_others(dataset.order_lines_dir, second.parts)
    assert [file.name for file in dataset.order_lines_dir.iterdir()] == second.parts

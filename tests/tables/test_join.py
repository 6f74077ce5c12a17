"""The gather equals a plain pandas merge."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tables.catalog import read_catalog
from shelftag.tables.dimension import read_orders
from shelftag.tables.join import Joined, join
from shelftag.tables.parse import parse
from shelftag.tables.ranges import table_chunks
from shelftag.tables.rejects import Reason
from shelftag.tables.schemas import MAX_ID, ORDER_LINE
from shelftag.tables.sources import check_sources
from tests.tables.made import TABLES, in_order, merged_by_pandas, write_tables

ORDER_IDS = st.sampled_from([0, 1, 2, 3, 70_000, 10**12, MAX_ID])
PRODUCT_IDS = st.sampled_from([1, 2, 5, 9, 12, 10**15])
DAYS = st.sampled_from(["", "0.0", "7.0", "30.0"])
LINE = st.tuples(ORDER_IDS, PRODUCT_IDS, st.integers(1, 99), st.integers(0, 1))


def orders_csv(days: dict[int, str]) -> str:
    header, *_ = TABLES["orders"].splitlines()
    rows = [
        f"{order},{order % 5},train,{1 + order % 9},{order % 7},{order % 24},{since}"
        for order, since in days.items()
    ]
    return "\n".join([header, *rows]) + "\n"


def lines_csv(lines: list[tuple[int, int, int, int]]) -> str:
    header, *_ = TABLES["order_products__prior"].splitlines()
    return "\n".join([header, *(",".join(map(str, line)) for line in lines)]) + "\n"


def joined(folder: Path, block_bytes: int = 2**20) -> list[Joined]:
    """Both order tables, a range at a time."""
    sources = check_sources(folder)
    orders = read_orders(sources["orders"], block_bytes).dimension
    products = read_catalog(sources).dimension(np.arange(5))
    return [
        join(parse(chunk, source).rows, orders, products)
        for name in ("order_products__prior", "order_products__train")
        for source, chunk in table_chunks(sources[name], block_bytes)
    ]


@settings(deadline=None)
@given(
    days=st.dictionaries(ORDER_IDS, DAYS, min_size=1),
    lines=st.lists(LINE, min_size=1, max_size=30, unique_by=lambda line: line[:3]),
    block_bytes=st.integers(1, 400),
)
def test_join_equals_a_pandas_merge(
    days: dict[int, str], lines: list[tuple[int, int, int, int]], block_bytes: int
) -> None:
    with TemporaryDirectory() as name:
        folder = write_tables(
            Path(name), orders=orders_csv(days), order_products__prior=lines_csv(lines)
        )
        parts = joined(folder, block_bytes)
        expected = merged_by_pandas(folder)
    kept = pa.concat_tables([part.kept for part in parts])
    assert kept.schema == ORDER_LINE
    pd.testing.assert_frame_equal(in_order(kept.to_pandas()), expected[ORDER_LINE.names])
    unmatched = sum(len(rows) for part in parts for rows in part.unmatched.values())
    dropped = sum(part.dropped for part in parts)
    assert kept.num_rows + dropped + unmatched == len(lines) + 3  # three in the other table
    assert sum(len(part.product) for part in parts) == kept.num_rows


def test_texts_stay_dictionaries(tmp_path: Path) -> None:
    kept = joined(write_tables(tmp_path))[0].kept
    names = kept["product_name"].combine_chunks()
    assert len(names.dictionary) == 5  # the catalog's names, not one for each line
    assert set(names.to_pylist()) <= set(names.dictionary.to_pylist())


def test_a_line_without_order_or_product_is_said_to_be_so(tmp_path: Path) -> None:
    lines = [(1, 1, 1, 1), (99, 1, 1, 1), (1, 77, 1, 1), (99, 77, 1, 1)]
    part = joined(write_tables(tmp_path, order_products__prior=lines_csv(lines)))[0]
    rows = {reason: found.tolist() for reason, found in part.unmatched.items()}
    assert rows == {Reason.ORDER: [1, 3], Reason.PRODUCT: [2]}
    assert part.product.tolist() == [0]

"""Orders by id, the first row of each."""

from pathlib import Path

import numpy as np
import pytest

from shelftag.tables.dimension import read_orders
from shelftag.tables.rejects import Reason
from tests.tables.made import TABLES, source

HEADER = TABLES["orders"].splitlines()[0] + "\n"


@pytest.mark.parametrize("block_bytes", [1, 30, 10_000])
def test_orders_are_sorted_and_the_first_of_an_id_is_kept(tmp_path: Path, block_bytes: int) -> None:
    rows = "5,1,prior,1,0,0,\nbad\n3,1,train,2,0,0,7.0\n\n5,2,test,9,0,0,\n5,3,test,8,0,0,\n"
    orders = source(tmp_path, "orders", orders=HEADER + rows)
    read = read_orders((orders,), block_bytes)
    columns = read.dimension.columns
    assert read.dimension.lookup.find(np.array([3, 4, 5])).tolist() == [0, -1, 1]
    assert columns["order_number"].to_pylist() == [2, 1]
    assert columns["eval_set"].to_pylist() == ["train", "prior"]
    assert columns["days_since_prior_order"].to_pylist() == [7.0, None]
    assert read.read == 5
    data = Path(orders.file.path).read_bytes()
    assert {(row.reason, row.raw) for row in read.rejects} == {
        (Reason.FIELDS, "bad"),
        (Reason.DUPLICATE, "5,2,test,9,0,0,"),
        (Reason.DUPLICATE, "5,3,test,8,0,0,"),
    }
    for row in read.rejects:
        assert data[row.position :].startswith(row.raw.encode())


def test_orders_are_narrow(tmp_path: Path) -> None:
    rows = "".join(f"{i},1,prior,1,0,0,7.0\n" for i in range(10_000))
    orders = source(tmp_path, "orders", orders=HEADER + rows)
    columns = read_orders((orders,), 2**20).dimension.columns
    assert columns.nbytes <= 10_000 * 24  # 3.4 million of them fit easily in the object store

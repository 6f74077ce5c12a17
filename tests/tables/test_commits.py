"""A commit says what a piece came to, and is trusted only while its parts are whole."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shelftag.artifacts import Dataset
from shelftag.tables.accounting import MAX_POSITION, PieceCounts
from shelftag.tables.commits import commit, commit_file, is_done, read_commit
from shelftag.tables.rejects import Reason

NAME = "order_products__prior-0-0-10"
PARTS = st.lists(st.uuids().map(lambda name: f"part-{name.hex}.parquet"), max_size=3)
COUNTS = st.integers(0, 2**40)
COUNTED = st.builds(
    PieceCounts,
    table=st.just("order_products__prior"),
    bytes=COUNTS,
    read=COUNTS,
    kept=COUNTS,
    dropped=COUNTS,
    reasons=st.dictionaries(st.sampled_from([str(one) for one in Reason]), COUNTS).map(Counter),
    baskets=st.lists(COUNTS, min_size=MAX_POSITION, max_size=MAX_POSITION),
    parts=PARTS,
    rejects_parts=PARTS,
)
PURCHASES = arrays.arrays(
    np.int64,
    st.tuples(st.sampled_from([1, 3]), st.integers(1, 30)),
    elements=st.sampled_from([0, 0, 0, 1, 7, 2**40]),
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return begun(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def committed(tmp_path: Path) -> Dataset:
    """One piece: two parts of 3 and 2 lines, and one reject."""
    dataset = begun(tmp_path)
    for part, rows in (("a", 3), ("b", 2)):
        write(dataset.order_lines_dir / part, rows)
    write(dataset.rejects_dir / "c", 1)
    reasons = Counter({str(Reason.NUL): 1})
    counts = PieceCounts(table="t", kept=5, reasons=reasons, parts=["a", "b"], rejects_parts=["c"])
    commit(NAME, counts, np.ones((1, 5), np.int64), dataset)
    return dataset


def begun(folder: Path) -> Dataset:
    dataset = Dataset(folder)
    for part in (dataset.order_lines_dir, dataset.rejects_dir, dataset.commits_dir):
        part.mkdir()
    return dataset


def write(file: Path, rows: int) -> None:
    pq.write_table(pa.table({"row": range(rows)}), file)


@given(counts=COUNTED, purchases=PURCHASES)
def test_what_is_committed_is_read(
    empty: Dataset, counts: PieceCounts, purchases: np.ndarray[tuple[int, int], np.dtype[np.int64]]
) -> None:
    commit(NAME, counts, purchases, empty)
    found, bought = read_commit(NAME, empty, purchases.shape[1])
    assert found == counts
    np.testing.assert_array_equal(bought, purchases)
    assert [file.name for file in empty.commits_dir.iterdir()] == [f"{NAME}.parquet"]


def test_a_piece_without_a_part_is_done_by_its_commit(empty: Dataset) -> None:
    assert not is_done("other", empty)
    commit("other", PieceCounts(table="t", dropped=7), np.zeros((1, 3), np.int64), empty)
    assert is_done("other", empty)


def test_a_piece_with_all_its_parts_is_done(committed: Dataset) -> None:
    assert is_done(NAME, committed)
    assert not is_done(NAME[:-1], committed)


@pytest.mark.parametrize("part", ["order_lines/a", "order_lines/b", "rejects/c"])
@pytest.mark.parametrize("harm", ["missing", "cut off", "empty", "longer", "no Parquet"])
def test_a_harmed_part_is_not_trusted(committed: Dataset, part: str, harm: str) -> None:
    file = committed.path / part
    data = file.read_bytes()
    if harm == "missing":
        file.unlink()
    elif harm == "longer":
        write(file, 4)
    else:
        file.write_bytes({"cut off": data[:-9], "empty": b"", "no Parquet": b"x" * 99}[harm])
    assert not is_done(NAME, committed)


@pytest.mark.parametrize("harm", ["cut off", "empty", "no counts", "other counts"])
def test_a_harmed_commit_is_not_trusted(committed: Dataset, harm: str) -> None:
    file = commit_file(NAME, committed)
    table, data = pq.read_table(file), file.read_bytes()
    if harm.endswith("counts"):
        metadata = {b"counts": b'{"kept": "many"}'} if harm == "other counts" else None
        pq.write_table(table.replace_schema_metadata(metadata), file)
    else:
        file.write_bytes(data[:-9] if harm == "cut off" else b"")
    assert not is_done(NAME, committed)

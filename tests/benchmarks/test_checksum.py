"""The checksums agree on the same rows, and on nothing else."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.tables.schemas import ORDER_LINE
from tests.benchmarks.checksum import ROWS, WHOLE_ROW, checksums, differences
from tests.tables.made import merged_by_pandas, write_tables


@pytest.fixture
def lines(tmp_path: Path) -> pa.Table:
    """Six order lines, with a null among them, and no column of one value."""
    merged = merged_by_pandas(write_tables(tmp_path / "tables"))
    merged.loc[0, "user_id"] = 8
    merged.loc[2, "days_since_prior_order"] = None
    return pa.Table.from_pandas(merged, schema=ORDER_LINE, preserve_index=False)


def sums(lines: pa.Table, folder: Path) -> dict[str, int]:
    pq.write_table(lines, folder / "lines.parquet")
    return checksums(str(folder / "*.parquet"))


def differing(lines: pa.Table, other: pa.Table, folder: Path) -> list[str]:
    tables = {"ours": sums(lines, folder), "theirs": sums(other, folder)}
    return differences(tables).get("theirs", [])


def with_column(lines: pa.Table, name: str, values: list[object]) -> pa.Table:
    place = lines.schema.get_field_index(name)
    return lines.set_column(place, name, pa.array(values).cast(lines.schema.field(name).type))


def shuffled(lines: pa.Table, name: str) -> pa.Table:
    """The same values in every column, one of them against the others."""
    values = lines[name].to_pylist()
    return with_column(lines, name, values[1:] + values[:1])


def test_order_files_and_types_do_not_matter(lines: pa.Table, tmp_path: Path) -> None:
    plain = {pa.int8(): pa.int64(), pa.int16(): pa.int64(), pa.float32(): pa.float64()}
    wide = [field.with_type(plain.get(field.type, field.type)) for field in ORDER_LINE]
    text = [f.with_type(pa.string()) if pa.types.is_dictionary(f.type) else f for f in wide]
    other = lines.take([5, 0, 3, 1, 4, 2]).cast(pa.schema(text))
    expected = sums(lines, tmp_path)
    pq.write_table(other[:2], tmp_path / "lines.parquet")
    pq.write_table(other[2:], tmp_path / "more.parquet")
    assert checksums(str(tmp_path / "*.parquet")) == expected
    assert expected[ROWS] == 6


@pytest.mark.parametrize("name", ORDER_LINE.names)
def test_a_column_shuffled_against_the_others_is_seen(
    lines: pa.Table, tmp_path: Path, name: str
) -> None:
    assert differing(lines, shuffled(lines, name), tmp_path) == [WHOLE_ROW]


@pytest.mark.parametrize("name", ORDER_LINE.names)
def test_a_swapped_value_is_seen(lines: pa.Table, tmp_path: Path, name: str) -> None:
    values = lines[name].to_pylist()
    number = not isinstance(values[0], str)
    swapped = with_column(lines, name, [values[0] + 1 if number else "swapped", *values[1:]])
    assert differing(lines, swapped, tmp_path) == [name, WHOLE_ROW]


def test_a_null_is_no_zero(lines: pa.Table, tmp_path: Path) -> None:
    name = "days_since_prior_order"
    filled = with_column(lines, name, [0.0 if v is None else v for v in lines[name].to_pylist()])
    assert differing(lines, filled, tmp_path) == [name, WHOLE_ROW]


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(lambda lines: lines[1:], id="lost"),
        pytest.param(lambda lines: pa.concat_tables([lines, lines[:1]]), id="twice"),
    ],
)
def test_a_row_lost_or_there_twice_is_seen(
    lines: pa.Table, tmp_path: Path, spoiled: Callable[[pa.Table], pa.Table]
) -> None:
    seen = differing(lines, spoiled(lines), tmp_path)
    assert {ROWS, WHOLE_ROW, "order_id"} <= set(seen)


def test_a_row_in_place_of_another_is_seen(lines: pa.Table, tmp_path: Path) -> None:
    seen = differing(lines, lines.take([0, 0, 2, 3, 4, 5]), tmp_path)
    assert {WHOLE_ROW, "product_id"} <= set(seen)
    assert ROWS not in seen

"""Labels that contradict each other, and columns that give them away."""

import pyarrow as pa

from shelftag.tables.conflicts import conflicts, determining


def rows(**columns: list[object]) -> pa.Table:
    count = len(columns["department"])
    return pa.table({"id": range(count), "split": ["train"] * count, **columns})


def test_one_text_under_two_departments() -> None:
    found = conflicts(
        rows(
            id=[1, 2, 2, 3, 4, 5],
            name=["Red  Tea", "red tea", "red tea", "Tea Red", "Jam", "jam"],
            department=["tea", "pets", "pets", "tea", "jam", "jam"],
            split=["train", "train", "test", "train", "train", "valid"],
        )
    )
    assert found.to_pylist() == [
        {"text": "red tea", "id": 1, "name": "Red  Tea", "department": "tea"},
        {"text": "red tea", "id": 2, "name": "red tea", "department": "pets"},
    ]


def test_the_unlabelled_contradict_nobody() -> None:
    table = rows(name=["Tea", "Tea"], department=["tea", "missing"], split=["train", "unlabelled"])
    assert not conflicts(table).num_rows


def test_a_description_tells_products_apart() -> None:
    table = rows(name=["Tea", "Tea"], department=["tea", "pets"], description=["green", None])
    assert not conflicts(table).num_rows
    assert conflicts(table.drop_columns("description")).num_rows == 2


def test_the_source_is_told_where_there_is_one() -> None:
    table = rows(id=[1, 1], name=["Tea", "Tea"], department=["a", "b"], source=["x", "y"])
    assert conflicts(table)["source"].to_pylist() == ["x", "y"]


def test_columns_that_determine_the_department() -> None:
    departments: list[object] = ["a", "a", "b", "b"]

    def found(aisle: list[object], source: list[object]) -> tuple[str, ...]:
        return determining(rows(department=departments, aisle=aisle, source=source))

    assert found([1, 1, 2, 2], [1, 1, 1, 2]) == ("aisle",)
    assert found([1, 1, 1, 1], [1, 2, 3, 3]) == ("source",)
    assert found([1, 2, 3, 4], [1, 2, 1, 2]) == ()
    assert determining(rows(department=departments)) == ()


def test_a_product_in_several_splits_is_one_product() -> None:
    """Two products, two aisles: nothing is determined that its own id would not."""
    table = rows(id=[1, 1, 2, 2], department=["a", "a", "b", "b"], aisle=["x", "x", "y", "y"])
    assert determining(table) == ()

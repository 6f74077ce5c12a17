"""Products of each split and department."""

import pyarrow as pa

from shelftag.tables.split_counts import split_counts, splits_by_department, too_rare

ROWS = pa.table(
    {
        "department": ["pets", "bulk", "pets", "pets", "other", "pets"],
        "split": ["train", "train", "valid", "test", "unlabelled", "train"],
    }
)


def test_every_department_and_split_is_counted() -> None:
    assert split_counts(ROWS) == {"train": 3, "valid": 1, "test": 1, "unlabelled": 1}
    assert splits_by_department(ROWS) == {
        "bulk": {"train": 1, "valid": 0, "test": 0, "unlabelled": 0},
        "other": {"train": 0, "valid": 0, "test": 0, "unlabelled": 1},
        "pets": {"train": 2, "valid": 1, "test": 1, "unlabelled": 0},
    }


def test_departments_that_a_split_lacks_are_named() -> None:
    counts = splits_by_department(ROWS)
    assert (
        too_rare(["bulk", "pets"], counts) == "too rare for every split: bulk (none in valid, test)"
    )
    assert too_rare(["pets"], counts) == ""

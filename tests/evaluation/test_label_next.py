"""label_next.csv: what a person gets to fill in."""

import csv
from pathlib import Path

import numpy as np

from shelftag.evaluation.label_next import (
    COLUMNS,
    label_next,
    near_duplicates,
    write_label_next,
)

NAMES = ["Vanilla Yogurt", 'Odd "Thing",\nLtd', "YOGURT, vanilla"]
LIKELY = np.array([[0.6, 0.4], [0.55, 0.45], [0.9, 0.1]], np.float32)


def test_same_words_are_near_duplicates() -> None:
    first, second, third = near_duplicates(NAMES)
    assert first == third != second
    assert len(set(near_duplicates(["?", "!", "?"]))) == 2


def test_file_reads_back(tmp_path: Path) -> None:
    rows = label_next([7, 8, 9], NAMES, LIKELY, ("dairy", "pets"), "margin", seed=0)
    write_label_next(rows, tmp_path / "evaluation" / "label_next.csv")
    with (tmp_path / "evaluation" / "label_next.csv").open(
        encoding="utf-8-sig", newline=""
    ) as lines:
        found = list(csv.DictReader(lines))
    assert tuple(found[0]) == COLUMNS
    assert [row["id"] for row in found] == ["8", "7"]
    assert found[0]["name"] == NAMES[1]
    assert (found[0]["suggested"], found[0]["department"]) == ("dairy", "")
    assert (found[0]["confidence"], found[0]["margin"]) == ("0.5500", "0.1000")


def test_nothing_to_label_is_an_empty_file(tmp_path: Path) -> None:
    rows = label_next([], [], np.empty((0, 2), np.float32), ("a", "b"), "departments", seed=0)
    write_label_next(rows, tmp_path / "label_next.csv")
    assert (tmp_path / "label_next.csv").read_text("utf-8-sig") == ",".join(
        f'"{name}"' for name in COLUMNS
    ) + "\n"

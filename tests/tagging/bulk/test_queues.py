"""What people look at: the weightiest first, safe to open, and decided once a name."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from shelftag.artifacts import Tags
from shelftag.catalog.spreadsheet import unguarded
from shelftag.tagging.bulk import queues as module
from shelftag.tagging.bulk.earlier import Earlier
from shelftag.tagging.bulk.formats import write_rows
from shelftag.tagging.bulk.queues import write_queue
from shelftag.tagging.columns import Naming
from shelftag.tagging.tagger import Tagger
from tests import tiny
from tests.artifacts.stores import bucket
from tests.tagging.bulk.made import rows_of, tag, write_csv

HEADER = ["name", "rows", "confidence"]
ROWS = [
    *(("=1+1", 2, 0.5), ("Tea", 9, 0.5), ("Oats, fine", 2, 0.25), ("@cmd;=2", 1, 0.75)),
    *(("naïve\nrice", 2, 0.5), ("Apples", 2, 0.25)),
]
IN_ORDER = ["Tea", "Apples", "Oats, fine", "=1+1", "naïve\nrice", "@cmd;=2"]


def parts(out: Tags) -> list[str]:
    """Two files of rows."""
    names = ["work/review/a.parquet", "work/review/b.parquet"]
    for name, rows in zip(names, (ROWS[:2], ROWS[2:]), strict=True):
        columns = [list(column) for column in zip(*rows, strict=True)]
        write_rows(pa.table(columns, HEADER), out.place / name, "parquet")
    return names


def read(out: Tags, queue: str) -> list[list[str]]:
    content = (out.place / f"{queue}.csv").read().decode("utf-8-sig")
    return list(csv.reader(content.splitlines(keepends=True)))


def test_rows_are_in_order_and_guarded_against_formulas() -> None:
    out = Tags(bucket())
    assert write_queue("review", parts(out), HEADER, out) == 6
    header, *rows = read(out, "review")
    assert header == HEADER
    assert [unguarded(name) for name, *_ in rows] == IN_ORDER
    assert not any(name.startswith(("=", "@")) for name, *_ in rows)
    assert rows[0][1:] == ["9", "0.5"]
    content = (out.place / "review.csv").read()
    assert content.startswith(b'\xef\xbb\xbf"name","rows","confidence"\n"Tea",')


def test_more_than_can_be_sorted_are_written_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SORTED", 5)
    out = Tags(bucket())
    assert write_queue("review", parts(out), HEADER, out) == 6
    assert [unguarded(name) for name, *_ in read(out, "review")[1:]] == [row[0] for row in ROWS]


def test_an_empty_queue_has_a_header() -> None:
    out = Tags(bucket())
    assert write_queue("changes", [], HEADER, out) == 0
    assert read(out, "changes") == [HEADER]


def test_names_for_review_are_those_of_the_rows(tmp_path: Path, tagger: Tagger) -> None:
    rows = [(name, "fresh" if i % 2 else "") for i, name in enumerate(["Milk", "xyz", "xyz"] * 5)]
    write_csv(tmp_path / "a.csv", rows, ("name", "about"))
    config = tiny.config("tagging.threshold=0.9", "tagging.departments={pets: Animals}")
    out = Tags(tmp_path / "out")
    tag(tmp_path / "a.csv", out.place, tagger, config, Naming("name", "about"))
    header, *found = read(out, "review")
    assert header == [
        *("name", "description", "rows", "department", "confidence", "alternatives", "candidates")
    ]
    expected = rows_of(out).filter(pc.field("status") == "review").to_pylist()
    told = {(row["name"], row["about"], row["department"]) for row in expected}
    assert {(row[0], row[1], row[3]) for row in found} == told
    assert len(found) == len(told)
    assert sum(int(row[2]) for row in found) == len(expected)


def test_changes_say_what_was_and_what_is(tmp_path: Path, tagger: Tagger) -> None:
    write_csv(tmp_path / "a.csv", [(f"Milk {i % 20}",) for i in range(50)])
    old, new = Tags(tmp_path / "old"), Tags(tmp_path / "new")
    tag(tmp_path / "a.csv", old.place, tagger)
    turned = old.manifest().model_copy(
        update={"labels": ("bakery", "frozen", "dairy eggs", "pets")}
    )
    since = Earlier(old, turned, is_same=False)
    config = tiny.config("tagging.departments={frozen: Freezer}")
    manifest = tag(tmp_path / "a.csv", new.place, tagger, config, since=since)
    header, *found = read(new, "changes")
    assert header == [*HEADER[:2], "old_department", "old_confidence", "department", "confidence"]
    pairs = {("frozen", "dairy eggs"), ("dairy eggs", "Freezer")}
    assert {(row[2], row[4]) for row in found} <= pairs
    assert all(row[3] == row[5] for row in found)
    assert manifest.since is not None
    assert manifest.since.changed_names == len(found) > 0
    assert manifest.since.changed_rows == sum(int(row[1]) for row in found)

"""The sum of a bulk job's pieces, and how it is told while it runs."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Tags, read_json
from shelftag.config import Config
from shelftag.errors import AccountingError
from shelftag.tagging import progress as module
from shelftag.tagging.job import PieceCounts, Tally, publish
from shelftag.tagging.progress import JobProgress


def counts(**changed: Any) -> PieceCounts:
    """A piece of three rows: two pets, of which one is for review, and an error."""
    piece = PieceCounts(
        position=0,
        rows=3,
        tagged=2,
        errors=1,
        unique_names=2,
        review=1,
        departments={"pets": 2},
        part="",
        errors_part="",
        digest="",
        seconds=0.5,
    )
    return piece.model_copy(update=changed)


@pytest.fixture
def out(tmp_path: Path) -> Tags:
    """A tag output that was begun, with a part that a dead task left."""
    tags = Tags(tmp_path / "out")
    tags.begin()
    for folder in (tags.tags_dir, tags.errors_dir):
        folder.mkdir()
        write(folder, "orphan", 7)
    return tags


def write(folder: Path, name: str, rows: int) -> str:
    pq.write_table(pa.table({"name": ["x"] * rows}), folder / name)
    return name


def test_parts_are_named_in_the_order_of_the_input(out: Tags) -> None:
    parts = [write(out.tags_dir, name, 2) for name in ("b", "a")]
    bad = write(out.errors_dir, "c", 1)
    tally = Tally()
    tally.add(counts(position=1, part=parts[1], departments={"pets": 1, "bakery": 1}))
    tally.add(counts(position=0, part=parts[0], errors_part=bad))
    manifest = publish(out, "run", 6, tally, Config())
    assert manifest.parts == ("b", "a")
    assert manifest.departments == {"pets": 3, "bakery": 1}
    assert (manifest.rows_in, manifest.rows_out, manifest.errors, manifest.review) == (6, 4, 2, 2)
    assert {file.name for file in out.tags_dir.iterdir()} == {"a", "b"}
    assert {file.name for file in out.errors_dir.iterdir()} == {"c"}
    assert tally.names_per_s == 4


@pytest.mark.parametrize(("rows_in", "rows_in_part"), [(4, 2), (3, 1)])
def test_nothing_is_published_when_rows_are_lost(
    out: Tags, rows_in: int, rows_in_part: int
) -> None:
    tally = Tally()
    tally.add(counts(part=write(out.tags_dir, "a", rows_in_part)))
    with pytest.raises(AccountingError, match=f"{rows_in} rows in, {rows_in_part} with a tag"):
        publish(out, "run", rows_in, tally, Config())
    assert not out.is_complete


def test_a_piece_that_lost_rows_is_not_counted() -> None:
    with pytest.raises(AccountingError, match="4 rows in, 2 tagged and 1 errors"):
        Tally().add(counts(rows=4))


def test_progress_is_on_file_while_it_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WRITE_EVERY_S", 0)
    file = tmp_path / "progress.json"
    with JobProgress(file, 30) as progress:
        assert read_json(file) == {
            "state": "running",
            "rows_done": 0,
            "rows_total": 30,
            "errors": 0,
        }
        progress.add(10, 0)
        progress.add(10, 2)
        assert read_json(file)["rows_done"] == 20
        progress.add(10, 0)
    assert read_json(file) == {"state": "done", "rows_done": 30, "rows_total": 30, "errors": 2}
    (last,) = capsys.readouterr().err.splitlines()
    assert last.strip().endswith("0 s left")


def test_progress_of_a_job_that_fails(tmp_path: Path) -> None:
    file = tmp_path / "progress.json"
    with suppress(ZeroDivisionError), JobProgress(file, 30) as progress:
        progress.add(10, 1)
        raise ZeroDivisionError
    assert read_json(file) == {"state": "failed", "rows_done": 10, "rows_total": 30, "errors": 1}

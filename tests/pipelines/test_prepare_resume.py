"""A half-made Dataset: refused by every later stage, gone on with by the same command."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines import prepare
from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset, Run, RunManifest
from shelftag.tables.commits import commit_file
from shelftag.tables.merge import Job
from shelftag.tables.schemas import PRIOR, TRAIN
from tests.pipelines.preparing import contents, done_parts, part_files, strays
from tests.tables.made import TABLES, write_tables

pytestmark = pytest.mark.usefixtures("ray_here")
merge_task = prepare._merge_task
BAD_ROWS = TABLES[PRIOR.name] + "1,2\n"
ENOUGH = "data.max_rejects=0.5"


def fails_second(row: dict[str, Any], job: Job, **rest: Any) -> dict[str, str]:
    """A task that fails on the second table, when the first is committed."""
    if row["table"] == PRIOR.name:
        return merge_task(row, job=job, **rest)
    while not list(job.dataset.commits_dir.glob(f"{PRIOR.name}*")):
        time.sleep(0.01)
    raise OSError("no space left")


def command(tables: Path, dataset: Dataset, *more: str) -> int:
    places = ["--tables", str(tables), "--out", str(dataset.path)]
    return shelftag(["prepare", *places, ENOUGH, *more])


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """With one bad row."""
    return write_tables(tmp_path / "tables", order_products__prior=BAD_ROWS)


@pytest.fixture
def half_made(tables: Path, tmp_path: Path) -> Dataset:
    """One of its two pieces is done."""
    dataset = Dataset(tmp_path / "half-made")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepare, "_merge_task", fails_second)
        assert command(tables, dataset) == 1
    return dataset


def test_the_same_command_does_the_rest_only(
    tables: Path, half_made: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Dataset(tmp_path / "whole")
    assert command(tables, whole) == 0
    done = done_parts(half_made)
    assert len(done) == 2  # order lines and rejects
    capsys.readouterr()
    assert command(tables, half_made) == 0
    assert "goes on: 1 of 2 pieces are done" in capsys.readouterr().err
    assert contents(half_made) == contents(whole)
    assert done <= part_files(half_made)
    assert not strays(half_made)


@pytest.mark.parametrize("changed", ["tables", "settings", "time of a table"])
def test_other_tables_or_settings_begin_anew(
    tables: Path,
    half_made: Dataset,
    tmp_path: Path,
    changed: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["data.split=row"] if changed == "settings" else []
    if changed == "time of a table":  # its middle may be another: only its ends are compared
        os.utime(tables / f"{PRIOR.name}.csv")
    if changed == "tables":
        write_tables(tables, order_products__prior=TABLES[PRIOR.name] + "1,5,4,0\n")
    whole = Dataset(tmp_path / "whole")
    assert command(tables, whole, *more) == 0
    done = done_parts(half_made)
    capsys.readouterr()
    assert command(tables, half_made, *more) == 0
    said = capsys.readouterr().err
    assert "begun with other tables or settings: begins anew" in said
    assert "goes on" not in said
    assert contents(half_made) == contents(whole)
    assert not done & part_files(half_made)


def test_a_commit_whose_part_is_gone_is_done_again(
    tables: Path, half_made: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Dataset(tmp_path / "whole")
    assert command(tables, whole) == 0
    for file in half_made.order_lines_dir.iterdir():
        file.unlink()
    capsys.readouterr()
    assert command(tables, half_made) == 0
    assert "goes on" not in capsys.readouterr().err
    assert contents(half_made) == contents(whole)


def test_every_later_stage_refuses_it(
    half_made: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path / "run")
    run.begin()
    run.publish(RUN)
    dataset = ["--dataset", str(half_made.path)]
    wanted = f"Dataset {half_made.path} is half-written: name a folder that `shelftag prepare`"
    assert shelftag(["train", *dataset, "--out", str(tmp_path / "other")]) == 2
    assert wanted in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    assert shelftag(["evaluate", "--run", str(run.path), *dataset]) == 2
    assert wanted in capsys.readouterr().err
    catalog = ["--input", str(tmp_path / "tables" / "products.csv"), "--out", str(tmp_path / "t")]
    assert shelftag(["tag", "--run", str(half_made.path), *catalog]) == 2
    assert f"Run {half_made.path} is without a manifest.json" in capsys.readouterr().err


RUN = RunManifest(
    shelftag="test",
    fingerprint="",
    config={},
    dataset="",
    departments=("produce",),
    base="../base",
    inference={},
    training={},
    versions={},
)


def test_what_a_late_kill_leaves_harms_no_reader(
    tables: Path, half_made: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tables, half_made) == 0
    before = contents(half_made)
    half_made.commits_dir.mkdir()
    commit_file(TRAIN.name, half_made).write_bytes(b"")
    half_made.job_file.write_text("{}")
    half_made.hold()
    half_made.release()
    assert contents(half_made) == before
    capsys.readouterr()
    assert command(tables, half_made) == 2
    assert "is there already" in capsys.readouterr().err
    assert command(tables, half_made, "--overwrite") == 0
    assert contents(half_made) == before
    assert not strays(half_made)


def test_a_higher_limit_of_rejects_goes_on(
    tables: Path, half_made: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tables, half_made, "data.max_rejects=0.6") == 0
    assert "goes on: 1 of 2" in capsys.readouterr().err


def test_a_full_disk_is_said_in_one_line(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shelftag.tables.publish.write_products", full)
        assert command(tables, Dataset(tmp_path / "full")) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("shelftag: ")
    assert "cannot be written to (No space left on device): make room" in last


def test_a_dataset_does_not_stand_among_its_tables(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(tables, Dataset(tables / "orders")) == 2
    assert "is in --tables" in capsys.readouterr().err

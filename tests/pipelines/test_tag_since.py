"""`shelftag tag` of tomorrow's catalog: what is new is scored, what changed is told, what changes
too much is not published."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset, Run, Tags
from tests import tiny

MONDAY = ("Rye Bread", "Organic Milk", "Cat Litter", "Frozen Pizza", "Golden Bagel", "Dog Treats")
TUESDAY = ("Organic Milk", "CAT  LITTER", "Frozen Pizza", "Classic Sorbet", "Dog Treats", "Kefir")


@pytest.fixture(scope="module")
def other_run(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A Run that has learned next to nothing: names change department."""
    folder = tmp_path_factory.mktemp("other") / "run"
    return tiny.train(
        tiny_dataset, tiny_base, folder, tiny.config("train.max_steps=2", "train.linear=false")
    )


@pytest.fixture(scope="module")
def outputs(
    tiny_run: Run,
    ray_here: None,  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder of outputs, with Monday's as the current one."""
    folder = tmp_path_factory.mktemp("tagged")
    assert tagged(tiny_run, MONDAY * 2, folder / "monday", "--publish") == 0
    return folder


def tagged(run: Run, names: tuple[str, ...], out: Path, *words: str) -> int:
    """The command, on a catalog of some names; its exit code."""
    catalog = out.parent / f"{out.name}.csv"
    catalog.write_text("product_name\n" + "".join(f"{name}\n" for name in names))
    command = ["tag", "--run", str(run.path), "--input", str(catalog), "--out", str(out)]
    return shelftag([*command, *words, "scaling.threads_per_worker=1"])


def summary(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "summary.json").read_bytes())
    return found


def departments(out: Path) -> dict[str, str]:
    rows = pq.read_table(out / "tags").to_pylist()
    return {row["product_name"]: row["department"] for row in rows}


def test_only_new_names_are_scored(
    outputs: Path, tiny_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out, since = outputs / "tuesday", ("--since", str(outputs))
    assert tagged(tiny_run, TUESDAY, out, *since, "--dry-run") == 0
    assert "names 6: 2 new, 4 as before, 2 gone\nnames to score: 2\n" in capsys.readouterr().out
    assert not out.exists()
    assert tagged(tiny_run, TUESDAY, out, *since, "--max-change", "0", "--publish") == 0
    manifest = Tags(out).manifest()
    assert (manifest.unique_names, manifest.scored) == (6, 2)
    assert manifest.since
    assert (manifest.since.reused, manifest.since.gone, manifest.since.changed_names) == (4, 2, 0)
    assert manifest.since.fingerprint == Tags(outputs / "monday").manifest().fingerprint
    assert (outputs / "CURRENT").read_text() == "tuesday\n"
    assert tagged(tiny_run, TUESDAY, outputs / "afresh") == 0
    assert departments(out) == departments(outputs / "afresh")
    assert shelftag(["publish", str(outputs / "monday")]) == 0  # roll back
    assert (outputs / "CURRENT").read_text() == "monday\n"


def test_another_model_scores_all_and_is_not_published_when_it_changes_too_much(
    outputs: Path, other_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    out, since = outputs / "wednesday", ("--since", str(outputs / "monday"))
    assert tagged(other_run, MONDAY * 2, out, *since, "--dry-run") == 0
    assert "names to score: 6 (all: the Run, or a setting of tags" in capsys.readouterr().out
    assert tagged(other_run, MONDAY * 2, out, *since, "--max-change", "0.02", "--publish") == 1
    said = capsys.readouterr().err
    assert "of the rows would change department, and tagging.max_change is 2.00%" in said
    assert f"`shelftag publish {out}` takes it" in said
    assert (outputs / "CURRENT").read_text() == "monday\n"
    before, now = departments(outputs / "monday"), departments(out)
    moved = {name for name, department in now.items() if before[name] != department}
    assert moved
    with (out / "changes.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows} == moved
    for row in rows:
        assert (row["old_department"], row["department"]) == (before[row["name"]], now[row["name"]])
        assert row["rows"] == "2"
        assert 0 < float(row["confidence"]) <= 1
    assert summary(out)["changed_share"] == pytest.approx(len(moved) / len(MONDAY))
    manifest = Tags(out).manifest()
    assert (manifest.scored, manifest.since and manifest.since.changed_rows) == (6, 2 * len(moved))


def test_a_shops_own_word_that_changes_is_a_change(
    outputs: Path, tiny_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    before = departments(outputs / "monday")
    out, label = outputs / "renamed", before["Rye Bread"]
    moved = {name for name, department in before.items() if department == label}
    words = ("--since", str(outputs / "monday"), f"tagging.departments={{{label}: Brot}}")
    assert tagged(tiny_run, MONDAY, out, *words, "--max-change", "0", "--publish") == 1
    assert f"{len(moved) / len(MONDAY):.2%} of the rows would change" in capsys.readouterr().err
    with (out / "changes.csv").open(encoding="utf-8-sig") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert set(rows) == moved
    assert {(row["old_department"], row["department"]) for row in rows.values()} == {
        (label, "Brot")
    }
    assert Tags(out).manifest().scored == 0


def test_a_gate_with_nothing_to_compare_with_is_refused(
    outputs: Path, tiny_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("--publish",), ("--dry-run",)):
        assert tagged(tiny_run, MONDAY, outputs / "bare", "--max-change", "0.02", *words) == 2
        assert "name an earlier output with --since" in capsys.readouterr().err
    assert not (outputs / "bare").exists()


def test_a_job_that_died_before_it_was_published_is_published_by_the_same_command(
    tiny_run: Run, outputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outputs
    out = tmp_path / "out"
    assert tagged(tiny_run, MONDAY, out, "--publish") == 0
    (tmp_path / "CURRENT").unlink()  # as where it was killed right before
    command = ["tag", "--run", str(tiny_run.path), "--input", f"{out}.csv", "--out", str(out)]
    assert shelftag([*command, "--publish", "scaling.threads_per_worker=1"]) == 0
    assert (tmp_path / "CURRENT").read_text() == "out\n"
    assert shelftag(command) == 2
    assert "is there already: name another --out" in capsys.readouterr().err
    assert shelftag([*command, "--publish", "tagging.top_k=2"]) == 2
    assert "is there already, and another job's" in capsys.readouterr().err


def test_the_earlier_output_is_not_cleared_through_a_link(
    outputs: Path, tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(outputs)
    words = ("--since", str(outputs / "monday"), "--overwrite")
    assert tagged(tiny_run, MONDAY, tmp_path / "link" / "monday", *words) == 2
    assert "is in --out" in capsys.readouterr().err
    assert Tags(outputs / "monday").is_complete


def test_other_settings_of_tags_score_all(outputs: Path, tiny_run: Run) -> None:
    out = outputs / "thursday"
    words = ("--since", str(outputs / "monday"), "tagging.threshold=0.5")
    assert tagged(tiny_run, MONDAY, out, *words) == 0
    assert Tags(out).manifest().scored == len(MONDAY)


@pytest.mark.parametrize(
    ("current", "problem"),
    [("", "names ''"), ("../elsewhere", "which is no complete"), ("gone", "names 'gone', which")],
)
def test_a_current_that_names_none_is_refused(
    outputs: Path,
    tiny_run: Run,
    tmp_path: Path,
    current: str,
    problem: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert outputs
    (tmp_path / "CURRENT").write_text(f"{current}\n")
    assert tagged(tiny_run, MONDAY, tmp_path / "out", "--since", str(tmp_path)) == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert shelftag(["publish", str(tmp_path / "out")]) == 2

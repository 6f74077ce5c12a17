"""`shelftag compare`, from the command line."""

import json
from pathlib import Path

import pytest

from pipelines.__main__ import main
from shelftag.artifacts import Run
from shelftag.evaluation.comparison import Comparison
from tests.evaluation.made_predictions import evaluated, predictions

FILED = ["bakery"] * 40 + ["dairy"] * 40 + ["pets"] * 40
WORSE = ["bakery"] * 25 + ["pets"] * 15 + FILED[40:]


def runs(folder: Path, chosen: list[str]) -> tuple[Run, Run]:
    """A champion that is always right, and a candidate that chooses so."""
    champion = evaluated(folder / "champion", predictions(FILED, FILED))
    candidate = predictions(FILED, chosen, run="b" * 32)
    return champion, evaluated(folder / "candidate", candidate)


def compare(pair: tuple[Run, Run], *words: str) -> int:
    return main(["compare", *(str(run.path) for run in pair), *words])


def test_an_equal_candidate_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = runs(tmp_path, FILED)
    assert compare(pair) == 0
    shown = capsys.readouterr().out
    assert "May be promoted" in shown
    assert "120 products that are test products of both Runs (of 120 and 120)" in shown
    written = pair[1].evaluation_dir / "compare-aaaaaaaa.json"
    found = Comparison.model_validate(json.loads(written.read_bytes()))
    assert (found.champion.run, found.candidate.run) == ("a" * 32, "b" * 32)
    page = written.with_suffix(".html").read_text()
    assert "May be promoted" in page
    assert "<svg" in page
    assert [file.name for file in pair[0].evaluation_dir.iterdir()] == ["predictions.parquet"]


def test_a_worse_one_fails_by_name_and_is_written_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = runs(tmp_path, WORSE)
    assert compare(pair) == 1
    shown = capsys.readouterr()
    assert "recall of bakery from 100.0% to 62.5% (40 products)" in shown.err
    assert "bakery -> pets 15 (0 mended, 15 spoiled)" in shown.out
    assert "Not to be promoted" in (pair[1].evaluation_dir / "compare-aaaaaaaa.html").read_text()


def test_what_is_allowed_can_be_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bakery falls by 25 points, and dairy rises by as many: accuracy stays."""
    first, second = (
        ["bakery"] * 30 + ["dairy"] * 10 + FILED[40:],
        FILED[:40] + ["bakery"] * 10 + FILED[50:],
    )
    champion = evaluated(tmp_path / "champion", predictions(FILED, second))
    candidate = evaluated(tmp_path / "candidate", predictions(FILED, first, run="b" * 32))
    assert compare((champion, candidate)) == 1
    assert compare((champion, candidate), "--max-regression", "0.4") == 0
    assert "40 points allowed" in capsys.readouterr().out


def test_a_fall_of_accuracy_passes_only_where_everything_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = runs(tmp_path, WORSE)
    assert compare(pair, "--max-regression", "0.4") == 1
    assert "accuracy from 100.0% to 87.5%" in capsys.readouterr().err
    assert compare(pair, "--max-regression", "1") == 0
    assert "May be promoted, as everything is allowed" in capsys.readouterr().out


def test_a_lost_department_fails_unless_it_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    champion = evaluated(tmp_path / "champion", predictions(FILED, FILED))
    fewer = predictions(FILED[:80], FILED[:80], run="b" * 32, labels=("bakery", "dairy"))
    pair = champion, evaluated(tmp_path / "candidate", fewer)
    assert compare(pair) == 1
    assert "pets is lost (40 products): keep the champion" in capsys.readouterr().err
    page = pair[1].evaluation_dir / "compare-aaaaaaaa.html"
    assert "40 test products that the champion files there" in page.read_text()
    assert compare(pair, "--allow-lost") == 0
    assert "departments that the champion alone knows: pets" in capsys.readouterr().out
    assert "which is allowed" in page.read_text()


def test_a_run_that_was_not_evaluated_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = runs(tmp_path, FILED)
    pair[0].predictions_file.unlink()
    assert compare(pair) == 2
    assert f"shelftag evaluate --run {pair[0].path}" in capsys.readouterr().err

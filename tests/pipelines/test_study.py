"""The verb `study`, on made tables."""

from pathlib import Path

import pytest

from pipelines.__main__ import main
from shelftag.errors import ArtifactError
from shelftag.evaluation.side_by_side import SideBySide
from tests import tiny

SETTINGS = (
    *(one for one in tiny.OVERRIDES if not one.startswith("train.max_steps")),
    "train.max_steps=10",
    "evaluation.untuned_rows=20",
    "study.splits=[row,token_set]",
)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    words = ("synthesize", "--out", str(folder), "--lines", "20000", "--products", "1500")
    assert main([*words]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("ray_here")
def test_protocols_stand_side_by_side_and_are_not_made_twice(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "study"
    words = ("study", "--tables", str(tables), "--out", str(out), *SETTINGS)
    assert main([*words]) == 0
    study = SideBySide.model_validate_json((out / "study.json").read_bytes())
    row, honest = study.protocols
    assert (row.split, honest.split) == ("row", "token_set")
    known = row.row("name lookup").purchase_accuracy
    assert known is not None
    assert known > 0.99
    unknown = honest.row("name lookup").purchase_accuracy
    assert unknown is not None
    assert unknown < 0.5
    assert row.evaluation.labels_count == honest.evaluation.labels_count == 21
    capsys.readouterr()

    before = {file: file.stat().st_mtime_ns for file in out.rglob("manifest.json")}
    assert main([*words]) == 0
    shown = capsys.readouterr().out
    assert shown.count("is done already") == 4
    assert {file: file.stat().st_mtime_ns for file in out.rglob("manifest.json")} == before

    other = tmp_path / "other"
    assert main(["synthesize", "--out", str(other), "--lines", "5000", "--products", "500"]) == 0
    changed = ("study", "--tables", str(other), "--out", str(out), *SETTINGS)
    assert main([*changed]) == ArtifactError.exit_code
    assert "was made of other files than" in capsys.readouterr().err

    assert main([*words, "train.max_steps=11"]) == ArtifactError.exit_code
    assert "made with other settings (train: max_steps)" in capsys.readouterr().err

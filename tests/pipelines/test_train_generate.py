"""The study's way through the commands: train, evaluate and tag by department names."""

import csv
import json
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from pipelines.__main__ import main
from shelftag.artifacts import Dataset, Run, Tags
from shelftag.errors import ConfigError
from tests import tiny

pytestmark = pytest.mark.usefixtures("ray_here")

SETTINGS = (*tiny.OVERRIDES, *tiny.GENERATING)


def command(verb: str, *options: str) -> int:
    return main([verb, *options, *SETTINGS])


@pytest.mark.slow
def test_train_evaluate_tag(
    tiny_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, dataset = str(tmp_path / "run"), str(tiny_dataset.path)
    assert command("train", "--dataset", dataset, "--out", run) == 0
    assert Run(Path(run)).manifest().inference["objective"] == "generate"
    assert command("evaluate", "--run", run, "--dataset", dataset) == 0
    assert "test products asked for freely" in capsys.readouterr().out
    scores = json.loads((Run(Path(run)).evaluation_dir / "scores.json").read_bytes())
    assert scores["model"]["test"]["accuracy"] > 0.9
    free = scores["free_generation"]
    assert free["tuned"]["one"] > 0.9 * free["tuned"]["answers"]
    assert free["tuned"]["ended"] == free["tuned"]["answers"]
    assert free["before"]["ended"] < free["tuned"]["ended"]
    assert free["scorer"]["one"] == free["scorer"]["answers"] == free["scope"]["rows"]
    report = (Run(Path(run)).evaluation_dir / "report.html").read_text()
    assert "Asked freely" in report
    assert _tagged(run, tmp_path) == ["bakery", "dairy eggs", "pets"]


def _tagged(run: str, folder: Path) -> list[str]:
    catalog, out = folder / "catalog.csv", folder / "tagged"
    with catalog.open("w", newline="") as file:
        rows = [["product_name"], ["Golden Bagel"], ["Spicy Milk"], ["Classic Cat Food"]]
        csv.writer(file).writerows(rows)
    assert command("tag", "--run", run, "--input", str(catalog), "--out", str(out)) == 0
    departments: list[str] = ds.dataset(Tags(out).tags.path).to_table()["department"].to_pylist()
    return departments


def test_a_prompt_without_room_is_refused_before_anything(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    from pipelines.train import train

    config = tiny.config(*tiny.GENERATING, f"model.base={tiny_base}", "model.max_length=9")
    with pytest.raises(ConfigError, match="a product needs 4"):
        train(tiny_dataset, Run(tmp_path / "run"), config)
    assert not (tmp_path / "run").exists()

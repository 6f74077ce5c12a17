"""The whole path on the real catalog, as a user walks it (SHELFTAG_REAL_CATALOG)."""

import csv
import os
from pathlib import Path

import httpx
import pyarrow.dataset as ds
import pytest

from pipelines.__main__ import main
from serve.app import serving
from shelftag.artifacts import Run, Tags, read_json
from shelftag.config import load_config
from tests.network import free_port

CATALOG = os.environ.get("SHELFTAG_REAL_CATALOG", "")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CATALOG, reason="SHELFTAG_REAL_CATALOG names no folder"),
    pytest.mark.timeout(1_800),
    pytest.mark.usefixtures("ray_here"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables, Dataset, Run and evaluation with the study's label set and the CPU config."""
    made = tmp_path_factory.mktemp("real")
    tables, dataset, run = (str(made / name) for name in ("tables", "dataset", "run"))
    for words in (
        ["synthesize", "--catalog", CATALOG, "--lines", "1000000", "--out", tables],
        ["prepare", "--tables", tables, "--out", dataset, "catalog.unlabelled=21"],
        ["train", "--dataset", dataset, "--out", run, "train.epochs=4"],  # half: it is enough
        ["evaluate", "--run", run, "--dataset", dataset],
    ):
        assert main(words) == 0
    return made


def test_unseen_products_are_known_to_four_in_five(folder: Path) -> None:
    scores = read_json(Run(folder / "run").evaluation_dir / "scores.json")
    assert scores["labels_count"] == 21
    assert scores["model"]["test"]["accuracy"] >= 0.80
    assert scores["linear"]["test"]["accuracy"] >= 0.82


def test_bulk_and_http_give_the_same_tags(folder: Path) -> None:
    run, out = Run(folder / "run"), folder / "tagged"
    catalog = Path(CATALOG) / "products.csv"
    assert main(["tag", "--run", str(run.path), "--input", str(catalog), "--out", str(out)]) == 0
    with catalog.open(encoding="utf-8", newline="") as file:
        rows_in = sum(1 for _ in csv.DictReader(file))
    table = ds.dataset(Tags(out).tags.path).to_table()
    assert len(table) == rows_in == Tags(out).manifest().rows_in
    picked = table.take(list(range(0, rows_in, rows_in // 10))).to_pylist()
    asked = {"products": [{"name": row["product_name"]} for row in picked]}
    config = load_config(overrides=[f"serve.port={free_port()}"])
    with serving(run, config) as url:
        answer = httpx.post(f"{url}/v1/tag", json=asked, timeout=60).raise_for_status().json()
    assert answer["errors"] == []
    for tag, row in zip(answer["tags"], picked, strict=True):
        assert tag["department"] == row["department"]
        assert tag["confidence"] == pytest.approx(row["confidence"], abs=1e-3)

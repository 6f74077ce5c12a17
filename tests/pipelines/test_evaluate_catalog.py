"""Lists of a catalog's work, and that what a person fills in comes back."""

import csv
import json
from pathlib import Path
from shutil import copytree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import evaluate_catalog
from pipelines.evaluate_catalog import RECOVERED, improve_catalog
from pipelines.evaluate_products import read_products
from pipelines.evaluate_suspects import SUSPECTS
from shelftag.artifacts import Dataset, Run
from shelftag.catalog.spreadsheet import guarded, unguarded
from shelftag.evaluation.catalog_work import SHOWN, CatalogWork
from shelftag.model import nearest
from shelftag.model.nearest import seeded_sample
from shelftag.tables.overrides import apply_overrides, check_overrides
from shelftag.tagging.tagger import Tagger
from tests import tiny

WRONG = {3: "pets", 200: "bakery", 333: "dairy eggs", 441: "frozen"}
"""Row of the tiny Dataset -> a department that is not its own."""
LOST = (10, 77, 250, 400)
"""Rows without a department."""
FORMULA = 250


@pytest.fixture(scope="module")
def dataset(tiny_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The tiny Dataset with some products filed wrongly, and some not at all."""
    folder = tmp_path_factory.mktemp("spoiled") / "dataset"
    copytree(tiny_dataset.path, folder)
    spoiled = Dataset(folder)
    rows = pq.read_table(spoiled.products_file).to_pylist()
    for row, department in WRONG.items():
        rows[row]["department"] = department
    for row in LOST:
        rows[row] |= {"department": "missing", "split": "unlabelled"}
    rows[FORMULA]["name"] = f"=cmd {rows[FORMULA]['name']}"
    twin = rows[3] | {"id": 900, "name": " ".join(reversed(rows[3]["name"].split()))}
    rows.append(twin | {"department": "bakery"})
    pq.write_table(pa.Table.from_pylist(rows), spoiled.products_file)
    return spoiled


@pytest.fixture(scope="module")
def run(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy, to be written to."""
    folder = tmp_path_factory.mktemp("evaluated") / "run"
    copytree(tiny_run.path, folder)
    return Run(folder)


@pytest.fixture(scope="module")
def work(run: Run, dataset: Dataset) -> CatalogWork:
    return improve_catalog(run, dataset, Tagger.load(run, tiny.CONFIG.tagging), tiny.CONFIG)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def truth(row_id: int) -> str:
    """The department that its row had at first."""
    return list(tiny.NOUNS)[(row_id - 1) // (560 // len(tiny.NOUNS))]


def test_recovered(work: CatalogWork, run: Run) -> None:
    rows = read(run.evaluation_dir / "recovered.csv")
    assert tuple(rows[0]) == RECOVERED
    assert {int(row["id"]) - 1 for row in rows} == set(LOST)
    assert [row["suggested"] for row in rows] == [truth(int(row["id"])) for row in rows]
    confidence = [float(row["confidence"]) for row in rows]
    assert confidence == sorted(confidence, reverse=True)
    assert {(row["filed_under"], row["department"]) for row in rows} == {("missing", "")}
    for row in rows:
        neighbours = json.loads(row["nearest"])
        assert len(neighbours) == 3
        assert neighbours[0]["department"] == row["suggested"]
        first, *_ = json.loads(row["alternatives"])
        assert first["confidence"] <= float(row["confidence"])
    assert work.unlabelled == len(rows) == len(work.recovered)
    assert work.tagged == sum(row["status"] == "tagged" for row in rows)
    (formula,) = [row for row in rows if int(row["id"]) - 1 == FORMULA]
    assert formula["name"].startswith("'=cmd")


def test_suspects(work: CatalogWork, run: Run) -> None:
    rows = read(run.evaluation_dir / "suspects.csv")
    assert tuple(rows[0]) == SUSPECTS
    first = {int(row["id"]) - 1: row for row in rows[: len(WRONG)]}
    assert set(first) == set(WRONG)
    for at, row in first.items():
        assert (row["filed_under"], row["department"]) == (WRONG[at], "")
        assert row["suggested"] == row["twin_department"] == truth(at + 1)
    assert first[3]["twin_similarity"] == "1.000000"
    assert unguarded(first[3]["twin"]).split()[::-1] == unguarded(first[3]["name"]).split()
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    assert (work.labelled, work.doubted, work.contradicted) == (557, len(rows), 1)
    assert len(work.suspects) == min(len(rows), SHOWN)
    assert "1 of which have a twin of the same words" in work.sentence


def test_what_a_person_fills_in_comes_back(work: CatalogWork, run: Run, dataset: Dataset) -> None:
    """As `prepare --overrides` reads it, names with a guard and all."""
    assert work.doubted
    table = pq.read_table(dataset.products_file)
    for name in ("recovered.csv", "suspects.csv"):
        rows = read(run.evaluation_dir / name)
        file = run.path / f"filled-{name}"
        with file.open("w", encoding="utf-8-sig", newline="") as lines:
            writer = csv.DictWriter(lines, rows[0])
            writer.writeheader()
            filled = rows[: len(WRONG)]
            writer.writerows(row | {"department": row["suggested"]} for row in filled)
        named = table.rename_columns({"id": "product_id", "name": "product_name"})
        (sources,) = check_overrides([str(file)]).values()
        found = apply_overrides(named, sources, ("missing",))
        assert (found.accounts[0].applied, found.accounts[0].rejected) == (4, 0)
        for row in filled:
            at = named["product_id"].to_pylist().index(int(row["id"]))
            assert found.products["department"][at].as_py() == truth(int(row["id"]))


def test_suspects_can_be_left_out(work: CatalogWork, run: Run, dataset: Dataset) -> None:
    assert (run.evaluation_dir / "suspects.csv").is_file()
    config = tiny.config("evaluation.suspects=false")
    again = improve_catalog(run, dataset, Tagger.load(run, config.tagging), config)
    assert not (run.evaluation_dir / "suspects.csv").exists()
    assert again.recovered == work.recovered
    assert again.doubted is None
    assert "not looked for" in again.sentence


def test_nothing_without_a_department(run: Run, tiny_dataset: Dataset) -> None:
    config = tiny.config("evaluation.suspects=false")
    found = improve_catalog(run, tiny_dataset, Tagger.load(run, config.tagging), config)
    assert found.sentence.startswith("Every product has a department.")
    assert read(run.evaluation_dir / "recovered.csv") == []


def test_a_product_of_several_rows_counts_once(dataset: Dataset, tmp_path: Path) -> None:
    copy = Dataset(tmp_path / "dataset")
    copytree(dataset.path, copy.path)
    table = pq.read_table(dataset.products_file)
    pq.write_table(pa.concat_tables([table, table.slice(5, 50)]), copy.products_file)
    for once, twice in zip(read_products(dataset), read_products(copy), strict=True):
        assert once.table == twice.table


def test_a_large_catalog_is_sampled_and_that_is_said(
    run: Run, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate_catalog, "MAX_CHECKED", 300)
    for module in (evaluate_catalog, nearest):
        monkeypatch.setattr(module, "MAX_ASKED", 2)
        monkeypatch.setattr(module, "MAX_AMONG", 200)
    found = improve_catalog(run, dataset, Tagger.load(run, tiny.CONFIG.tagging), tiny.CONFIG)
    rows = read(run.evaluation_dir / "recovered.csv")
    assert [bool(json.loads(row["nearest"])) for row in rows] == [True, True, False, False]
    labelled = set(seeded_sample(557, 300, tiny.CONFIG.train.seed).tolist())
    ids = read_products(dataset)[1].ids
    doubted = read(run.evaluation_dir / "suspects.csv")
    assert doubted
    assert {row["id"] for row in doubted} <= {ids[row] for row in labelled}
    for row in doubted:
        known = ids.index(row["id"])
        assert row["name"] == guarded(read_products(dataset)[1].names[known])
    assert "a seeded sample of 300 of 557 labels" in found.sentence
    assert "sought for the first 2 rows and among a seeded sample of 200" in found.sentence

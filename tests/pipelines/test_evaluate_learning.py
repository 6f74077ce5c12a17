"""From a Dataset and a Run to curves and label_next.csv, and into the report."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from pipelines.evaluate_learning import USUAL_ORDER, learning
from shelftag.artifacts import Dataset, Run, write_text
from shelftag.catalog.departments import Departments
from shelftag.config import load_config
from shelftag.evaluation.active import ActiveLearning
from shelftag.evaluation.learning import Learning
from shelftag.evaluation.report_learning import learning_drawings, learning_tables
from tests import tiny

UNKNOWN = ("Rye Bread Deluxe", "deluxe rye bread", "Cat Cheddar", "Puppy Kibble")


class Surest:
    """Sure of the first words of a name, half of others."""

    departments = Departments(tuple(sorted(tiny.NOUNS)))

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        sure = [0.5 if "cheddar" in text else 0.9 for text in texts]
        return np.array([[one, 1 - one, 0, 0] for one in sure], np.float32).reshape(-1, 4)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    made = tiny.write_dataset(tmp_path_factory.mktemp("learning") / "dataset")
    table = pq.read_table(made.products_file)
    unknown = {
        "id": [9_000 + row for row in range(len(UNKNOWN))],
        "name": list(UNKNOWN),
        "department": ["missing"] * len(UNKNOWN),
        "aisle": ["missing"] * len(UNKNOWN),
        "purchases": [0] * len(UNKNOWN),
        "split": ["unlabelled"] * len(UNKNOWN),
    }
    more = pa.table(unknown, schema=table.schema)
    pq.write_table(pa.concat_tables([table, more]), made.products_file)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("learning") / "run")


@pytest.fixture(scope="module")
def found(run: Run, dataset: Dataset) -> Learning:
    measured = learning(run, dataset, Surest(), tiny.CONFIG)
    assert measured is not None
    return measured


def test_curves_are_of_this_dataset(found: Learning, dataset: Dataset) -> None:
    assert found.curve is not None
    assert found.active is not None
    train = dataset.manifest().splits["train"]
    assert found.curve.points[-1].labels == found.train_rows == found.trained_of == train
    assert found.curve.points[-1].accuracy.value > 0.9
    assert found.curve.scope.unlabelled == ("missing",)
    assert Learning.model_validate_json(found.model_dump_json()) == found


def test_unlabelled_products_are_ranked_once(found: Learning, run: Run) -> None:
    with (run.evaluation_dir / "label_next.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert found.to_label == len(rows) == 3
    assert rows[0]["name"] == "Cat Cheddar"
    assert [file.name for file in run.evaluation_dir.iterdir()] == ["label_next.csv"]


def test_report_says_what_it_is_of(found: Learning) -> None:
    drawings, tables = learning_drawings(found), learning_tables(found)
    assert [one.name for one in drawings] == ["learning-curve", "label-orders"]
    assert len(tables) == 2
    for scope in [one.scope for one in drawings] + [one.scope for one in tables]:
        assert "4 departments trained (without missing)" in scope
        assert f"labels drawn from {found.trained_of} train products" in scope
    assert all("small linear model in place of this Run" in one.caption for one in drawings)
    assert "points off" in drawings[0].caption
    assert all("of test names it knows nothing" in one.caption for one in drawings)
    assert "by the law" in tables[0].rows[-1][0]
    assert sum(row[-1] == "best" for row in tables[1].rows) == 4  # rounds after the seed's
    sample = found.model_copy(update={"trained_of": 1_000_000})
    assert "a seeded sample of" in learning_drawings(sample)[0].scope


def test_what_was_not_measured_is_not_shown(found: Learning) -> None:
    none = found.model_copy(update={"curve": None, "active": None})
    assert not learning_drawings(none)
    assert not learning_tables(none)
    alone = found.model_copy(update={"curve": None})
    assert "all labels" not in learning_drawings(alone)[0].svg


def test_switched_off_the_file_is_there_in_the_usual_order(
    dataset: Dataset, tmp_path: Path
) -> None:
    off = load_config(overrides=["evaluation.learning_curve=false"])
    file = Run(tmp_path).evaluation_dir / "label_next.csv"
    write_text(file, "of another Dataset\n")
    assert learning(Run(tmp_path), dataset, Surest(), off) is None
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 3
    assert rows[0]["name"] == "Cat Cheddar"


def test_no_order_proven_is_the_usual_one(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ActiveLearning, "proven", None)
    found = learning(Run(tmp_path), dataset, Surest(), tiny.CONFIG)
    assert found is not None
    assert found.order == USUAL_ORDER
    assert "no order is proven better than random" in learning_drawings(found)[1].caption
    assert f"by {USUAL_ORDER}, the usual order." in learning_tables(found)[1].caption


def test_a_proven_order_is_taken(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ActiveLearning, "proven", "departments")
    found = learning(Run(tmp_path), dataset, Surest(), tiny.CONFIG)
    assert found is not None
    assert found.order == "departments"
    assert "departments is better than random beyond" in learning_drawings(found)[1].caption
    assert "usual order" not in learning_tables(found)[1].caption

"""predictions.parquet: what is written is read, and only where it belongs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Dataset, Run
from shelftag.errors import ArtifactError
from shelftag.evaluation.predictions import predictions_of, read_predictions, write_predictions
from tests.evaluation.made import manifest
from tests.evaluation.made_predictions import evaluated, predictions


def test_read_as_written(tmp_path: Path) -> None:
    made = predictions(["dairy", "pets"], ["dairy", "bakery"])
    run = evaluated(tmp_path / "run", made)
    first = run.predictions_file.read_bytes()
    found = read_predictions(run)
    assert found.origin == made.origin
    assert found.table.equals(made.table)
    write_predictions(run, found)
    assert run.predictions_file.read_bytes() == first
    assert [file.name for file in run.evaluation_dir.iterdir()] == ["predictions.parquet"]


def test_of_products_as_a_dataset_has_them(tiny_dataset: Dataset) -> None:
    table = pq.read_table(tiny_dataset.products_file).slice(0, 3)
    run = manifest().model_copy(update={"departments": tiny_dataset.manifest().departments})
    found = predictions_of(
        run,
        tiny_dataset.manifest(),
        table,
        np.array([1, 0, 3]),
        np.array([0.5, 0.25, 1.0], np.float32),
        np.array([True, False, False]),
    )
    assert found.table["chosen"].to_pylist() == ["dairy eggs", "bakery", "pets"]
    assert found.table["status"].to_pylist() == ["review", "tagged", "tagged"]
    assert found.table["confidence"].type == pa.float32()
    assert found.table.select(["id", "department"]).equals(table.select(["id", "department"]))
    assert found.origin.shares == (0.8, 0.1)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda run: run.predictions_file.unlink(), "has no predictions"),
        (lambda run: run.predictions_file.write_bytes(b"PAR1"), "holds no predictions"),
        (lambda run: pq.write_table(pa.table({"id": [1]}), run.predictions_file), "holds no pred"),
        (
            lambda run: run.publish(manifest().model_copy(update={"fingerprint": "b" * 32})),
            "is of Run aaaaaaaa, and",
        ),
    ],
)
def test_what_is_not_its_own_is_refused(
    spoil: Callable[[Run], None], problem: str, tmp_path: Path
) -> None:
    run = evaluated(tmp_path / "run", predictions(["dairy"], ["dairy"]))
    spoil(run)
    with pytest.raises(ArtifactError, match=problem) as refusal:
        read_predictions(run)
    assert f"shelftag evaluate --run {run.path}" in refusal.value.way_out

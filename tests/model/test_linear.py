"""The linear baseline: what it learns, and that what is loaded is what was saved."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shelftag.artifacts import read_json
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import split_of, token_set
from shelftag.catalog.text import text
from shelftag.errors import ArtifactError, InputError
from shelftag.model.linear import LinearModel, fit_linear

TEXTS = [
    *(f"{kind} yogurt" for kind in ("plain", "greek", "vanilla", "peach")),
    *(f"{kind} red wine" for kind in ("dry", "sweet", "old", "young")),
    *(f"{kind} cat food" for kind in ("wet", "dry", "salmon", "chicken")),
]
LABELS: NDArray[np.int64] = np.repeat([0, 1, 3], 4)
UNSEEN = ["strawberry yogurts", "white wine", "cat treats", "?"]


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return fit_linear(TEXTS, LABELS, departments_count=4, seed=0)


def test_learns_words_and_parts_of_words(model: LinearModel) -> None:
    assert model.predict(UNSEEN[:3]).tolist() == [0, 1, 3]


def test_department_without_rows_is_never_predicted(model: LinearModel) -> None:
    margins = model.decision(UNSEEN)
    assert margins.dtype == np.float32
    assert margins.shape == (4, 4)
    assert (margins[:, 2] == -np.inf).all()
    assert np.isfinite(margins[:, [0, 1, 3]]).all()


def test_loaded_is_saved(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = LinearModel.load(tmp_path)
    np.testing.assert_array_equal(loaded.decision(UNSEEN), model.decision(UNSEEN))
    np.testing.assert_array_equal(loaded.predict(TEXTS), LABELS)


def test_folder_holds_no_pickle(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"linear.safetensors", "vocabulary.json"}
    weights = (tmp_path / "linear.safetensors").read_bytes()
    assert weights[8:9] == b"{"  # safetensors: the header's length, then the header in JSON
    assert read_json(tmp_path / "vocabulary.json").keys() == {"fingerprint", "words", "letters"}


def test_same_seed_same_bytes(model: LinearModel, tmp_path: Path) -> None:
    for name, one in (("a", model), ("b", fit_linear(TEXTS, LABELS, 4, seed=0))):
        one.save(tmp_path / name)
    for file in ("linear.safetensors", "vocabulary.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("present", [[2], [0, 2]])
def test_fewer_departments_than_a_machine_needs(present: list[int]) -> None:
    labels = np.repeat(present, 4)
    model = fit_linear(TEXTS[: len(labels)], labels, departments_count=3, seed=0)
    np.testing.assert_array_equal(model.predict(TEXTS[: len(labels)]), labels)
    assert np.isfinite(model.decision(UNSEEN)).any(axis=0).tolist() == [
        i in present for i in range(3)
    ]


def test_no_texts_no_predictions(model: LinearModel) -> None:
    assert model.decision([]).shape == (0, 4)
    assert model.predict([]).shape == (0,)


@pytest.mark.parametrize("texts", [[], ["?", "!"]])
def test_nothing_to_learn_is_refused(texts: list[str]) -> None:
    with pytest.raises(InputError, match=f"{len(texts)} product names"):
        fit_linear(texts, np.zeros(len(texts), np.int64), 2, seed=0)


def test_half_a_save_is_not_read(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    LinearModel.load(tmp_path)
    (tmp_path / "vocabulary.json").unlink()
    with pytest.raises(ArtifactError, match=r"vocabulary\.json cannot be read"):
        LinearModel.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", None])
def test_broken_weights_are_refused(
    model: LinearModel, tmp_path: Path, content: bytes | None
) -> None:
    model.save(tmp_path)
    weights = tmp_path / "linear.safetensors"
    weights.unlink()
    if content is not None:
        weights.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"linear\.safetensors cannot be read"):
        LinearModel.load(tmp_path)


def test_weights_of_another_save_are_refused(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path / "a")
    fit_linear(TEXTS, LABELS[::-1].copy(), 4, seed=0).save(tmp_path / "b")
    (tmp_path / "a" / "linear.safetensors").replace(tmp_path / "b" / "linear.safetensors")
    with pytest.raises(ArtifactError, match="not of one save"):
        LinearModel.load(tmp_path / "b")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unlabelled", "floor"), [((), 0.83), (("missing",), 0.85), (("missing", "other"), 0.86)]
)
def test_real_catalog(unlabelled: tuple[str, ...], floor: float) -> None:
    if "SHELFTAG_REAL_CATALOG" not in os.environ:
        pytest.skip("SHELFTAG_REAL_CATALOG names no folder with the real catalog")
    folder = Path(os.environ["SHELFTAG_REAL_CATALOG"])
    named = {row["department_id"]: row["department"] for row in _csv(folder / "departments.csv")}
    departments = Departments.learned(named.values(), unlabelled)
    split: dict[str, list[tuple[str, int]]] = {"train": [], "valid": [], "test": []}
    for row in _csv(folder / "products.csv"):
        if (department := named[row["department_id"]]) in departments.index:
            example = (text(row["product_name"]), departments.index[department])
            split[split_of(token_set(row["product_name"]))].append(example)
    texts, labels = zip(*split["train"], strict=True)
    model = fit_linear(texts, np.array(labels), len(departments), seed=0)
    unseen, expected = zip(*split["test"], strict=True)
    assert (model.predict(unseen) == np.array(expected)).mean() > floor


def _csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))

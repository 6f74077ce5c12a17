"""The linear model of aisles, read as departments."""

from pathlib import Path

import numpy as np
import pytest

from shelftag.artifacts import write_json
from shelftag.errors import ArtifactError
from shelftag.model.linear import fit_linear
from shelftag.model.linear_aisles import MAX_AISLES, AisleModel, fit_aisles

# Two departments; the first has two aisles without a word in common.
TEXTS = ["rye bread", "wheat bread", "jam jar", "plum jam", "cat food", "cat litter"] * 3
LABELS = np.array([0, 0, 0, 0, 2, 2] * 3)
AISLES = np.array([0, 0, 1, 1, -1, -1] * 3)


def fitted() -> AisleModel:
    return fit_aisles(TEXTS, LABELS, AISLES, 3, 0)


def test_it_tells_departments_by_their_aisles() -> None:
    model = fitted()
    assert model.department_of.tolist() == [0, 0, 2]
    margins = model.decision(["wheat bread", "jam", "cat"])
    assert margins.argmax(axis=1).tolist() == [0, 0, 2]
    assert (margins[:, 1] == -np.inf).all()  # no product of it was learned from
    fine = model.linear.decision(["jam"])
    assert margins[1, 0] == fine[0, :2].max()


def test_an_aisle_of_two_departments_stands_in_both() -> None:
    model = fit_aisles(TEXTS, LABELS, np.zeros_like(AISLES), 3, 0)
    assert model.department_of.tolist() == [0, 2]


def test_too_many_aisles_are_read_as_departments() -> None:
    count = MAX_AISLES + 1
    texts = [f"bread {i}" if i % 2 else f"cat {i}" for i in range(count)]
    labels = np.arange(count) % 2
    model = fit_aisles(texts, labels, np.arange(count), 2, 0)
    plain = fit_linear(texts, labels, 2, 0, min_products=2)
    assert model.department_of.tolist() == [0, 1]
    assert (model.decision(texts[:9]) == plain.decision(texts[:9])).all()


def test_it_is_saved_and_read_back(tmp_path: Path) -> None:
    model = fitted()
    model.save(tmp_path)
    again = AisleModel.load(tmp_path)
    assert (again.decision(TEXTS) == model.decision(TEXTS)).all()


def test_a_changed_folder_is_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    write_json(tmp_path / "departments.json", {"department_of": [0], "departments_count": 3})
    with pytest.raises(ArtifactError, match="has 3 aisles, 1 placed"):
        AisleModel.load(tmp_path)


def test_no_texts_have_no_margins() -> None:
    assert fitted().decision([]).shape == (0, 3)

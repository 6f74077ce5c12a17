"""The made catalog: aisles, departments, label noise, "missing", descriptions."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from shelftag.catalog.split import token_set
from shelftag.config.synthesis import SynthesisConfig
from shelftag.synthesis import products as module
from shelftag.synthesis.products import (
    MISSING_SHARE,
    aisles_table,
    departments_table,
    made_products,
)
from shelftag.synthesis.shelves import DEPARTMENTS, MISSING_AISLE, aisles


def made(products: int = 5_000, *, seed: int = 0, **settings: float | bool) -> pa.Table:
    config = SynthesisConfig.model_validate({"products": products, **settings})
    return made_products(config, np.random.SeedSequence(seed))


def test_the_official_aisles_and_departments_are_there() -> None:
    assert aisles_table().num_rows == 134
    assert departments_table().num_rows == 21
    assert {a.department_id for a in aisles()} == set(DEPARTMENTS)
    assert DEPARTMENTS[21] == "missing" == aisles()[MISSING_AISLE - 1].name
    assert len({a.name for a in aisles()}) == 134


def test_an_aisle_has_one_department() -> None:
    table = made()
    pairs = {*zip(table["aisle_id"].to_pylist(), table["department_id"].to_pylist(), strict=True)}
    assert pairs <= {(a.aisle_id, a.department_id) for a in aisles()}
    assert {department for _, department in pairs} == set(DEPARTMENTS)


def test_ids_are_dense_and_names_distinct() -> None:
    table = made()
    assert table["product_id"].to_pylist() == list(range(1, 5_001))
    assert len(set(table["product_name"].to_pylist())) == 5_000


def filed(table: pa.Table) -> npt.NDArray[np.int64]:
    return np.array(table["aisle_id"].to_pylist())


@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_noise_files_that_share_under_a_wrong_aisle(noise: float) -> None:
    clean, noisy = made(label_noise=0.0), made(label_noise=noise)
    assert clean["product_name"].equals(noisy["product_name"])
    known = (filed(clean) != MISSING_AISLE) & (filed(noisy) != MISSING_AISLE)
    wrong = filed(clean)[known] != filed(noisy)[known]
    assert wrong.mean() == pytest.approx(noise, abs=0.01)


def test_missing_takes_products_of_every_department(monkeypatch: pytest.MonkeyPatch) -> None:
    table = made(20_000, label_noise=0.0)
    missing = filed(table) == MISSING_AISLE
    assert int(missing.sum()) == round(20_000 * MISSING_SHARE)
    monkeypatch.setattr(module, "MISSING_SHARE", 0.0)
    truth = made(20_000, label_noise=0.0)
    assert truth["product_name"].equals(table["product_name"])
    shares = np.bincount(truth["department_id"].to_numpy()[missing], minlength=22) / missing.sum()
    overall = np.bincount(truth["department_id"].to_numpy(), minlength=22) / 20_000
    assert np.abs(shares - overall).max() < 0.05
    assert (shares > 0).sum() >= 19  # "bulk" is too small to be sure of


def test_twins_share_their_label_but_for_noise() -> None:
    clean, noisy = made(20_000, label_noise=0.0), made(20_000, label_noise=0.2)
    assert clashes(clean) < 0.1 < 0.25 < clashes(noisy) < 0.5


def clashes(table: pa.Table) -> float:
    """Share of token sets with several names, "missing" apart, that stand under two aisles."""
    found: dict[str, list[int]] = {}
    for name, aisle in zip(table["product_name"].to_pylist(), filed(table), strict=True):
        if aisle != MISSING_AISLE:
            found.setdefault(token_set(name), []).append(int(aisle))
    several = [labels for labels in found.values() if len(labels) > 1]
    assert len(several) > 100
    return sum(len(set(labels)) > 1 for labels in several) / len(several)


def test_descriptions_come_on_request() -> None:
    assert "description" not in made(300).column_names
    described = made(3_000, descriptions=True)
    assert described["product_name"].equals(made(3_000)["product_name"])
    texts = described["description"].to_pylist()
    assert all(text.endswith(".") for text in texts)
    generic = sum(text.startswith("A favourite") for text in texts)
    assert generic == pytest.approx(0.15 * len(texts), rel=0.3)

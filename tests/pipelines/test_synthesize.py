"""`shelftag synthesize`: same bytes for a seed, exact rows, and nobody's files removed."""

from hashlib import blake2b
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from pyarrow import csv

import pipelines.synthesize as module
from pipelines.__main__ import main
from shelftag.artifacts import MARKER
from shelftag.config import load_config
from shelftag.config.synthesis import FULL_LINES
from shelftag.synthesis.counts import Counts, scaled
from shelftag.synthesis.tables import TABLE_FILES, Tables
from tests.synthesis.test_given import GOOD, catalog

HEADERS = {
    "departments.csv": "department_id,department",
    "aisles.csv": "aisle_id,aisle",
    "products.csv": "product_id,product_name,aisle_id,department_id",
    "orders.csv": "order_id,user_id,eval_set,order_number,order_dow,order_hour_of_day,"
    "days_since_prior_order",
    "order_products__prior.csv": "order_id,product_id,add_to_cart_order,reordered",
    "order_products__train.csv": "order_id,product_id,add_to_cart_order,reordered",
}


def synthesize(out: Path, *words: str, lines: int = 20_000, products: int = 800) -> int:
    sizes = ("--lines", str(lines), "--products", str(products))
    return main(["synthesize", "--out", str(out), *sizes, *words])


def hashes(folder: Path) -> dict[str, str]:
    return {name: blake2b((folder / name).read_bytes()).hexdigest() for name in TABLE_FILES}


def check_rows(folder: Path, counts: Counts) -> None:
    """Rows of each file are the planned ones, also those that join to an empty gap."""
    tables = {name: csv.read_csv(folder / name) for name in TABLE_FILES}
    orders = tables["orders.csv"]
    assert len(orders) == counts.orders
    assert len(tables["order_products__prior.csv"]) == counts.prior_lines
    assert len(tables["order_products__train.csv"]) == counts.train_lines
    is_first = np.zeros(counts.orders + 1, dtype=bool)
    is_first[orders["order_id"].to_numpy()] = orders["days_since_prior_order"].is_null().to_numpy()
    first_lines = sum(
        int(is_first[tables[f"order_products__{part}.csv"]["order_id"].to_numpy()].sum())
        for part in ("prior", "train")
    )
    assert first_lines == counts.first_lines
    manifest = Tables(folder).manifest()
    assert manifest.rows == {name: len(table) for name, table in tables.items()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert synthesize(tmp_path / name, "--seed", "3") == 0
    assert synthesize(tmp_path / "other", "--seed", "4") == 0
    one, other = hashes(tmp_path / "one"), hashes(tmp_path / "other")
    assert one == hashes(tmp_path / "two")
    assert len(one) == 6
    fixed = {"departments.csv", "aisles.csv"}
    assert {name for name in one if one[name] == other[name]} == fixed


@pytest.mark.parametrize("lines", [1_000, 20_001])
def test_rows_are_exact(tmp_path: Path, lines: int) -> None:
    assert synthesize(tmp_path / "t", lines=lines) == 0
    check_rows(tmp_path / "t", scaled(lines))


def test_files_have_the_public_headers(tmp_path: Path) -> None:
    assert synthesize(tmp_path / "t") == 0
    for name, header in HEADERS.items():
        assert (tmp_path / "t" / name).read_text().splitlines()[0] == header


def test_the_config_is_saved_and_makes_the_same_again(tmp_path: Path) -> None:
    assert synthesize(tmp_path / "one", "synthesis.descriptions=true") == 0
    saved = tmp_path / "one" / "synthesis.yaml"
    assert load_config(saved).synthesis.products == 800
    assert main(["synthesize", "--out", str(tmp_path / "two"), "--config", str(saved)]) == 0
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_a_given_catalog_is_bought_from(tmp_path: Path) -> None:
    shop = catalog(tmp_path / "shop")
    assert synthesize(tmp_path / "t", "--catalog", str(shop)) == 0
    for name, content in GOOD.items():
        assert (tmp_path / "t" / name).read_text() == content
    lines = csv.read_csv(tmp_path / "t" / "order_products__prior.csv")
    assert set(lines["product_id"].to_pylist()) <= {number * 7 for number in range(60)}
    check_rows(tmp_path / "t", scaled(20_000))


def test_an_unusable_catalog_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = catalog(tmp_path / "shop", aisles=None)
    assert synthesize(tmp_path / "t", "--catalog", str(shop)) == 2
    assert "has no aisles.csv" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_out_may_not_be_the_catalog(tmp_path: Path) -> None:
    assert synthesize(tmp_path / "t") == 0
    before = hashes(tmp_path / "t")
    assert synthesize(tmp_path / "t", "--catalog", str(tmp_path / "t"), "--overwrite") == 2
    assert hashes(tmp_path / "t") == before


def test_only_overwrite_replaces_and_only_our_files(tmp_path: Path) -> None:
    assert synthesize(tmp_path / "t") == 0
    (tmp_path / "t" / "notes.txt").write_text("mine")
    before = hashes(tmp_path / "t")
    assert synthesize(tmp_path / "t", "--seed", "9") == 2
    assert hashes(tmp_path / "t") == before
    assert synthesize(tmp_path / "t", "--seed", "9", "--overwrite") == 0
    assert hashes(tmp_path / "t") != before
    assert (tmp_path / "t" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("words", [(), ("--overwrite",)])
def test_other_peoples_folders_are_left_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = catalog(tmp_path / "theirs")
    assert synthesize(folder, *words) == 2
    assert {file.name: file.read_text() for file in folder.iterdir()} == GOOD


def test_a_half_made_folder_is_known_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_filled", stop)
    assert synthesize(tmp_path / "t") == 130
    assert (tmp_path / "t" / MARKER).is_file()
    assert not Tables(tmp_path / "t").is_complete
    monkeypatch.undo()
    assert synthesize(tmp_path / "t") == 0
    assert not (tmp_path / "t" / MARKER).exists()
    check_rows(tmp_path / "t", scaled(20_000))


def test_it_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert synthesize(tmp_path / "t") == 0
    out = capsys.readouterr().out
    assert "800 rows  products.csv" in out
    assert "20,000" not in out  # prior and train are told apart
    assert out.splitlines()[-1].startswith(f"{tmp_path / 't'} made in ")


@pytest.mark.slow
def test_full_size_is_exact(tmp_path: Path) -> None:
    assert main(["synthesize", "--out", str(tmp_path / "t"), "--lines", str(FULL_LINES)]) == 0
    check_rows(tmp_path / "t", scaled(FULL_LINES))


@pytest.mark.slow
def test_five_million_names_are_distinct(tmp_path: Path) -> None:
    assert synthesize(tmp_path / "t", lines=1_000, products=5_000_000) == 0
    names = csv.read_csv(tmp_path / "t" / "products.csv")["product_name"]
    assert len(names.unique()) == 5_000_000

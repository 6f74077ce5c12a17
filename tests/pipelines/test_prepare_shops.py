"""`shelftag prepare` with data.source = catalog: two shops, without Ray."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.__main__ import main as shelftag
from pipelines.prepare import prepare
from shelftag.artifacts import Dataset
from shelftag.config import load_config
from shelftag.errors import InputError, TooManyRejects
from shelftag.evaluation.rows import read_rows
from tests import tiny

SHOPS = Path(__file__).parents[2] / "pipelines" / "configs" / "shops.yaml"
CONFIG = load_config(SHOPS, ["data.max_rejects=0.5"])
CORNER = (
    "sku,title,text,category,sold\n"
    "00-12A,Gala Apples,,Fruit & Veg,5\n"
    '00-13,"Beans, white",,Tins,\n'
    "00-14,Old Box,,To do,2\n"
    "00-12A,Again,,Tins,1\n"
    ",Nameless Id,,Tins,1\n"
)
MARKET = pa.table(
    {
        "ref": ["a", "b", "c"],
        "product": ["gala  apples", "Rye Bread", "Nobody's"],
        "section": ["Snacks", "Bakery", None],
    }
)


def write_shops(folder: Path, corner: str = CORNER, market: pa.Table = MARKET) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corner.csv").write_text(corner)
    pq.write_table(market, folder / "market.parquet")
    return folder


def many(folder: Path) -> Path:
    """560 products: a shop for even ones, one for odd ones, half a description."""
    rows = [
        (f"{adjective} {noun} {ending}".strip(), department)
        for department, nouns in tiny.NOUNS.items()
        for adjective in tiny.ADJECTIVES
        for noun in nouns
        for ending in tiny.ENDINGS
    ]
    lines = [f"{i},{name},fresh,{department},{i}\n" for i, (name, department) in enumerate(rows)]
    market = [{"ref": str(i), "product": n, "section": d} for i, (n, d) in enumerate(rows)]
    corner = CORNER.partition("\n")[0] + "\n" + "".join(lines[::2])
    return write_shops(folder, corner, pa.Table.from_pylist(market[1::2]))


def test_the_dataset_of_two_shops(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path / "dataset")
    manifest = prepare(write_shops(tmp_path / "shops"), dataset, CONFIG)
    assert {name: table.model_dump() for name, table in manifest.tables.items()} == {
        "corner_shop": {"read": 5, "merged": 3, "rejected": 2},
        "market": {"read": 3, "merged": 3, "rejected": 0},
    }
    assert manifest.reject_reasons == {"duplicate id": 1, "empty value": 1}
    assert manifest.order_lines == {"merged": 0, "kept": 0, "dropped": 0}
    assert not manifest.statistics.orders
    assert not list(dataset.order_lines_dir.iterdir())
    assert manifest.departments == ("bakery", "canned goods", "produce", "snacks")
    products = pq.read_table(dataset.products_file)
    assert products.column_names == [
        *("id", "name", "description", "department", "aisle", "source", "purchases", "split")
    ]
    assert products.select(["id", "department", "purchases"]).slice(0, 3).to_pylist() == [
        {"id": "corner_shop/00-12A", "department": "produce", "purchases": 5},
        {"id": "corner_shop/00-13", "department": "canned goods", "purchases": 0},
        {"id": "corner_shop/00-14", "department": "missing", "purchases": 2},
    ]
    assert manifest.splits["unlabelled"] == 2
    rejects = pq.read_table(dataset.rejects_dir).to_pylist()
    assert {row["raw"] for row in rejects} == {"00-12A,Again,,Tins,1", ",Nameless Id,,Tins,1"}


def test_conflicts_across_shops(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path / "dataset")
    manifest = prepare(write_shops(tmp_path / "shops"), dataset, CONFIG)
    assert (manifest.leakage.conflicts, manifest.leakage.conflicting_products) == (1, 2)
    assert pq.read_table(dataset.conflicts_file).select(["source", "department"]).to_pylist() == [
        {"source": "corner_shop", "department": "produce"},
        {"source": "market", "department": "snacks"},
    ]


def test_its_products_are_learned_and_scored(tmp_path: Path) -> None:
    dataset = Dataset(tmp_path / "dataset")
    prepare(many(tmp_path / "shops"), dataset, CONFIG)
    departments, examples = tiny.learned(dataset)
    assert len(departments) == len(tiny.NOUNS)
    assert len(examples) == dataset.manifest().splits["train"] > 400
    assert any(text.endswith(": fresh") for text in examples.texts)
    assert len(read_rows(dataset, "test", seed=0).labels) == dataset.manifest().splits["test"] > 0


def test_the_same_shops_give_the_same_bytes(tmp_path: Path) -> None:
    shops = many(tmp_path / "shops")
    one, other = Dataset(tmp_path / "one"), Dataset(tmp_path / "other")
    by_product = load_config(SHOPS, ["data.split=product"])
    first, second = prepare(shops, one, CONFIG), prepare(shops.as_uri(), other, CONFIG)
    assert first.fingerprint == second.fingerprint
    assert one.products_file.read_bytes() == other.products_file.read_bytes()
    assert prepare(shops, other, by_product, overwrite=True).split_protocol == "product"


def test_what_cannot_work_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    shops, dataset = write_shops(tmp_path / "shops"), Dataset(tmp_path / "dataset")
    (shops / "corner.csv").rename(shops / "elsewhere.csv")
    with pytest.raises(InputError, match=r"corner\.csv is not there"):
        prepare(shops, dataset, CONFIG)
    write_shops(shops, CORNER.replace("title", "label"))
    with pytest.raises(InputError, match="lacks the column title"):
        prepare(shops, dataset, CONFIG)
    one = CORNER.replace("Tins", "Bakery").replace("Fruit & Veg", "Bakery")
    write_shops(shops, one, MARKET.slice(1))
    with pytest.raises(InputError, match="the catalog has bakery beside"):
        prepare(shops, dataset, CONFIG)
    assert not dataset.path.exists()


def test_too_many_rejects_leave_them_to_look_at(tmp_path: Path) -> None:
    shops, dataset = write_shops(tmp_path / "shops"), Dataset(tmp_path / "dataset")
    with pytest.raises(TooManyRejects, match="2 of 8 rows"):
        prepare(shops, dataset, load_config(SHOPS))
    assert dataset.is_half_written
    assert pq.read_table(dataset.rejects_dir).num_rows == 2


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shops, out = write_shops(tmp_path / "shops", CORNER.replace("To do", "")), tmp_path / "dataset"
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(CONFIG.model_dump(mode="json")))
    words = ["prepare", "--tables", str(shops), "--out", str(out), "--config", str(file)]
    assert shelftag(words) == 0
    shown = capsys.readouterr()
    assert "corner_shop" in shown.out
    assert "order lines" not in shown.out
    assert "names under several departments: 1 (2 products" in shown.out
    assert "no row has the department 'To do' of its map" in shown.err
    assert "What became of the catalogs" in (out / "report.html").read_text()
    assert shelftag([*words, "data.split=row", "--overwrite"]) == 2
    assert "catalogs have none" in capsys.readouterr().err


def test_the_help_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        shelftag(["prepare", "--help"])
    assert "--config shops" in capsys.readouterr().out

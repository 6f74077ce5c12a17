"""`shelftag prepare --overrides FILE`: corrected labels reach products, order lines, manifest."""

from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipelines import prepare
from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset
from shelftag.config import load_config
from shelftag.tables.overrides import OVERRIDES
from tests.pipelines.test_prepare_resume import fails_second
from tests.pipelines.test_prepare_shops import CONFIG, SHOPS, write_shops
from tests.tables.made import write_tables

TEXT = "id,department\n5,dairy eggs\n9,produce\n1,\n77,frozen\n"


def command(tables: Path, dataset: Dataset, *more: str) -> int:
    places = ["--tables", str(tables), "--out", str(dataset.path)]
    return shelftag(["prepare", *places, "data.max_rejects=0.5", *more])


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return write_tables(tmp_path / "tables")


@pytest.fixture
def corrected(tmp_path: Path) -> Path:
    file = tmp_path / "corrected.csv"
    file.write_text(TEXT)
    return file


@pytest.mark.usefixtures("ray_here")
def test_six_tables(
    tables: Path, corrected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, dataset = Dataset(tmp_path / "plain"), Dataset(tmp_path / "dataset")
    assert command(tables, plain) == 0
    assert command(tables, dataset, "--overrides", str(corrected)) == 0
    assert "corrected.csv: 2 (0 stood there already, 1 not decided, 1 rejected)" in (
        capsys.readouterr().out
    )
    before, after = plain.manifest(), dataset.manifest()
    assert before.fingerprint != after.fingerprint
    assert not before.overrides
    (account,) = after.overrides
    assert (account.file, account.rows, account.applied) == (str(corrected), 4, 2)
    assert after.tables[OVERRIDES.name].model_dump() == {"read": 4, "merged": 3, "rejected": 1}
    assert after.reject_reasons == {"product does not exist": 1}
    assert str(corrected) in after.inputs
    products = {row["id"]: row for row in pq.read_table(dataset.products_file).to_pylist()}
    assert (products[5]["department"], products[5]["aisle"]) == ("dairy eggs", None)
    assert (products[9]["department"], products[9]["aisle"]) == ("produce", None)
    assert products[9]["split"] != "unlabelled"
    assert after.departments == ("dairy eggs", "produce")  # nothing is left in frozen
    lines = ds.dataset(dataset.order_lines_dir).to_table()
    assert lines.num_rows == ds.dataset(plain.order_lines_dir).count_rows()
    for line in lines.to_pylist():
        row = products[line["product_id"]]
        assert (line["department"], line["aisle"]) == (row["department"], row["aisle"])
        if row["aisle"] is None:
            assert line["aisle_id"] is None


@pytest.mark.usefixtures("ray_here")
def test_another_file_begins_anew(
    tables: Path, corrected: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, words = Dataset(tmp_path / "dataset"), ["--overrides", str(corrected)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prepare, "_merge_task", fails_second)
        assert command(tables, dataset, *words) == 1
    corrected.write_text(TEXT.replace("5,dairy eggs", "5,frozen"))
    capsys.readouterr()
    assert command(tables, dataset, *words) == 0
    assert "begun with other tables or settings: begins anew" in capsys.readouterr().err
    (account,) = dataset.manifest().overrides
    assert (account.applied, account.unchanged) == (1, 1)


def test_shops(tmp_path: Path) -> None:
    shops, files = write_shops(tmp_path / "shops"), [tmp_path / "a.csv", tmp_path / "b.csv"]
    files[0].write_text(
        "id,name,department\ncorner_shop/00-14,Old Box,Bakery\nmarket/c,Nobody's,\n"
    )
    files[1].write_text("id,department\nmarket/a,produce\nmarket/zz,produce\n")
    dataset = Dataset(tmp_path / "dataset")
    overrides = f"data.overrides=[{files[0]}, {files[1]}]"
    config = load_config(SHOPS, ["data.max_rejects=0.5", overrides])
    manifest = prepare.prepare(shops, dataset, config)
    assert [(one.applied, one.skipped, one.rejected) for one in manifest.overrides] == [
        (1, 1, 0),
        (1, 0, 1),
    ]
    departments = dict(
        zip(*pq.read_table(dataset.products_file, columns=["id", "department"]), strict=True)
    )
    found = {key.as_py(): value.as_py() for key, value in departments.items()}
    assert found["corner_shop/00-14"] == "bakery"
    assert found["market/a"] == found["corner_shop/00-12A"] == "produce"
    assert found["market/c"] == "missing"
    assert manifest.leakage.conflicts == 0  # the two shops agree on the apples now
    assert "product does not exist" in manifest.reject_reasons
    plain = prepare.prepare(shops, Dataset(tmp_path / "plain"), CONFIG)
    assert plain.leakage.conflicts == 1


def test_a_file_that_is_not_there_is_refused_before_anything_is_written(
    tables: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Dataset(tmp_path / "dataset")
    assert command(tables, dataset, "--overrides", str(tmp_path / "none.csv")) == 2
    assert "none.csv is not there" in capsys.readouterr().err
    assert not dataset.path.exists()

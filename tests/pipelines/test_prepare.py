"""`shelftag prepare`, through Ray Data, on small tables."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines import prepare
from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset
from shelftag.config import parse_config
from shelftag.config.synthesis import FULL_LINES
from shelftag.errors import ArtifactError, Failed, InputError, TooManyRejects
from shelftag.tables.merge import Job
from tests.tables.made import KEPT, MERGED, TABLES, in_order, merged_by_pandas, write_tables
from tests.tables.test_formats import packed

pytestmark = pytest.mark.usefixtures("ray_here")
LINES, TRAIN = "order_products__prior", "order_products__train"
merge_task = prepare._merge_task


def prepared(tables: Path, out: Path, **data: Any) -> Dataset:
    dataset = Dataset(out)
    prepare.prepare(tables, dataset, parse_config({"data": data}), overwrite=True)
    return dataset


def lines_of(dataset: Dataset) -> pd.DataFrame:
    files = [dataset.order_lines_dir / name for name in dataset.manifest().parts]
    return in_order(pd.concat([pq.read_table(file).to_pandas() for file in files]))


def test_order_lines_equal_a_pandas_merge(tmp_path: Path) -> None:
    dataset = prepared(write_tables(tmp_path / "tables"), tmp_path / "dataset")
    lines = lines_of(dataset)
    expected = merged_by_pandas(tmp_path / "tables")
    pd.testing.assert_frame_equal(lines, expected[list(lines.columns)])
    assert len(lines) == KEPT


def test_the_manifest_accounts_for_every_row(tmp_path: Path) -> None:
    manifest = prepared(write_tables(tmp_path / "tables"), tmp_path / "dataset").manifest()
    assert manifest.order_lines == {"merged": MERGED, "kept": KEPT, "dropped": MERGED - KEPT}
    for name, text in TABLES.items():
        rows = text.count("\n") - 1
        assert manifest.tables[name].model_dump() == {"read": rows, "merged": rows, "rejected": 0}
    assert manifest.departments == ("dairy eggs", "frozen", "produce")
    assert sum(manifest.splits.values()) == 5
    assert manifest.splits["unlabelled"] == 1
    assert manifest.leakage.token_set == manifest.leakage.spelling == 0
    assert manifest.reject_reasons == {}


def test_products_have_their_purchases(tmp_path: Path) -> None:
    dataset = prepared(write_tables(tmp_path / "tables"), tmp_path / "dataset")
    products = pq.read_table(dataset.products_file).to_pylist()
    assert {row["id"]: row["purchases"] for row in products} == {1: 2, 2: 2, 5: 0, 9: 1, 12: 1}
    assert [row["name"] for row in products][1] == 'Yogurt, "Greek" Vanilla'
    assert [row["split"] for row in products][3] == "unlabelled"


def test_lines_are_split_by_row_as_the_study_did(tmp_path: Path) -> None:
    rows = "".join(f"{1 + i % 4},{(1, 2, 5, 9, 12)[i % 5]},{1 + i % 30},0\n" for i in range(900))
    tables = write_tables(tmp_path / "tables", order_products__prior=TABLES[LINES] + rows)
    dataset = prepared(tables, tmp_path / "dataset", split="row", block_bytes=4_096)
    lines = pq.read_table(dataset.order_lines_dir).to_pandas()
    known = lines[lines["product_name"] != "Mystery Box"].groupby(["product_id", "split"]).size()
    products = pq.read_table(dataset.products_file).to_pandas()
    found = products[(products["split"] != "unlabelled") & (products["purchases"] > 0)]
    expected = {key: count for key, count in known.items() if count}
    assert found.set_index(["id", "split"])["purchases"].to_dict() == expected
    assert len(set(lines["split"])) > 1
    leakage = dataset.manifest().leakage
    assert leakage.lookup_right == leakage.test_purchases > 0  # a name lookup knows them all


def test_what_the_tables_are_like_is_in_the_manifest_and_the_report(tmp_path: Path) -> None:
    dataset = prepared(write_tables(tmp_path / "tables"), tmp_path / "dataset")
    statistics = dataset.manifest().statistics
    assert statistics.orders[6][23] == 1
    assert sum(map(sum, statistics.orders)) == 5
    assert statistics.nulls == {"orders.days_since_prior_order": (2, 5)}
    assert statistics.baskets == (2, 2, 2)  # orders 1 and 4, three lines each
    assert sum(statistics.words) == sum(statistics.tokens) == 5
    assert "Every one of 26 rows is accounted for" in dataset.report_file.read_text()
    assert pq.read_table(dataset.conflicts_file).num_rows == 0


def test_many_ranges_give_the_same_dataset(tmp_path: Path) -> None:
    rows = "".join(f"{1 + i % 4},{(1, 2, 5, 9, 12)[i % 5]},{1 + i % 30},0\n" for i in range(1_500))
    tables = write_tables(tmp_path / "tables", order_products__prior=TABLES[LINES] + rows)
    one = prepared(tables, tmp_path / "one")
    many = prepared(tables, tmp_path / "many", block_bytes=1_024)
    assert len(many.manifest().parts) > 10
    pd.testing.assert_frame_equal(lines_of(one), lines_of(many))
    assert one.manifest().fingerprint == many.manifest().fingerprint
    assert one.products_file.read_bytes() == many.products_file.read_bytes()


def test_every_defect_is_rejected_and_counted(tmp_path: Path) -> None:
    tables = write_tables(
        tmp_path / "tables",
        order_products__prior=TABLES[LINES].encode()
        + b"1,2\nx,1,1,1\n99,1,1,1\n1,\xff,1,1\n1,77,1,",
        orders=TABLES["orders"] + "3,7,prior,1,0,8,\n50,7,prior,1,9,8,\n",
        products=TABLES["products"] + "77,,1,10\n78,No Aisle,99,10\n",
    )
    dataset = prepared(tables, tmp_path / "dataset", max_rejects=0.5)
    manifest = dataset.manifest()
    assert manifest.reject_reasons == {
        "aisle does not exist": 1,
        "broken UTF-8": 1,
        "duplicate id": 1,
        "empty value": 1,
        "number out of range": 1,
        "order does not exist": 1,
        "text in a number": 1,
        "truncated last line": 1,
        "wrong number of fields": 1,
    }
    assert manifest.tables[LINES].model_dump() == {"read": 11, "merged": 6, "rejected": 5}
    rejects = pq.read_table(dataset.rejects_dir).to_pylist()
    assert len(rejects) == sum(manifest.reject_reasons.values())
    for row in rejects:
        data = Path(row["file"]).read_bytes()
        line = data[row["position"] :].split(b"\n")[0]
        assert line.decode(errors="backslashreplace") == row["raw"]


@pytest.mark.parametrize("form", ["zip", "folder", "parquet"])
def test_other_forms_of_file_give_the_same_dataset(tmp_path: Path, form: str) -> None:
    plain = prepared(write_tables(tmp_path / "tables"), tmp_path / "plain")
    tables = packed(tmp_path / form, form)
    other = prepared(tables, tmp_path / "other", block_bytes=1_024)
    pd.testing.assert_frame_equal(lines_of(other), lines_of(plain))
    assert other.products_file.read_bytes() == plain.products_file.read_bytes()
    assert other.manifest().tables == plain.manifest().tables
    files = {str(f) for f in tables.rglob("*") if f.is_file() and f.name[0] not in "._"}
    assert set(other.manifest().inputs) == files


def test_too_many_rejects_stop_the_job(tmp_path: Path) -> None:
    tables = write_tables(tmp_path / "tables", order_products__prior=TABLES[LINES] + "1,2\n" * 9)
    with pytest.raises(TooManyRejects, match="9 x wrong number of fields"):
        prepared(tables, tmp_path / "dataset")
    dataset = Dataset(tmp_path / "dataset")
    assert dataset.is_half_written
    assert not dataset.is_complete
    prepared(write_tables(tmp_path / "tables"), tmp_path / "dataset")  # and may be made again
    assert dataset.is_complete


def dies_once(row: dict[str, Any], job: Job, **rest: Any) -> dict[str, str]:
    """A task whose worker is killed after it has written its parts, the first time."""
    done = merge_task(row, job=job, **rest)
    marker = job.dataset.path.parent / f"died-{row['table']}-{row['start']}"
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return done


def test_a_killed_task_is_run_again_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = write_tables(tmp_path / "tables", order_products__train=TABLES[TRAIN] + "1,2\n")
    calm = prepared(tables, tmp_path / "calm", max_rejects=0.5)
    monkeypatch.setattr(prepare, "_merge_task", dies_once)
    killed = prepared(tables, tmp_path / "killed", max_rejects=0.5)
    assert len(list(tmp_path.glob("died-*"))) == 2
    assert killed.manifest().tables == calm.manifest().tables
    assert killed.manifest().fingerprint == calm.manifest().fingerprint
    pd.testing.assert_frame_equal(lines_of(killed), lines_of(calm))
    files = {file.name for file in killed.order_lines_dir.iterdir()}
    assert files == set(killed.manifest().parts)
    assert len(list(killed.rejects_dir.iterdir())) == 1


def fails(row: dict[str, Any], **_: Any) -> dict[str, Any]:
    raise OSError(f"no space left for {row['table']}")


def test_a_failed_task_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "_merge_task", fails)
    with pytest.raises(Failed, match="no space left for order_products__") as caught:
        prepared(write_tables(tmp_path / "tables"), tmp_path / "dataset")
    assert "\n" not in str(caught.value)
    assert Dataset(tmp_path / "dataset").is_half_written


def test_nothing_is_touched_when_it_is_refused(tmp_path: Path) -> None:
    tables = write_tables(tmp_path / "tables")
    dataset = prepared(tables, tmp_path / "dataset")
    before = dataset.manifest_file.read_bytes()
    with pytest.raises(ArtifactError, match="there already"):
        prepare.prepare(tables, dataset, parse_config({}))
    write_tables(tables, products=TABLES["products"].replace(",20", ",10").replace(",30", ",10"))
    with pytest.raises(InputError, match="the catalog has produce beside"):
        prepared(tables, tmp_path / "dataset")
    assert dataset.manifest_file.read_bytes() == before


@pytest.mark.slow
def test_full_size_gives_the_studys_numbers(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    assert shelftag(["synthesize", "--out", str(tables), "--lines", str(FULL_LINES)]) == 0
    manifest = prepared(tables, tmp_path / "dataset").manifest()
    assert manifest.order_lines == {
        "merged": 33_819_106,
        "kept": 31_741_038,
        "dropped": 2_078_068,
    }


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables, out = write_tables(tmp_path / "tables"), tmp_path / "dataset"
    assert shelftag(["prepare", "--tables", str(tables), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "order lines" in printed.out
    assert f"{MERGED}" in printed.out
    assert str(out) in printed.out.replace("\n", "")
    assert "MB/s" in printed.err
    assert json.loads((out / "manifest.json").read_text())["split_protocol"] == "token_set"
    assert shelftag(["prepare", "--tables", str(tables), "--out", str(out)]) == 2
    assert shelftag(["prepare", "--tables", str(out), "--out", str(tmp_path / "other")]) == 2
    assert not (tmp_path / "other").exists()

"""`shelftag drift`, from the command line: on tags, and on catalogs that are tagged on the way."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from pipelines.__main__ import main
from pipelines.evaluate_rows import keep_predictions, score_rows
from shelftag.artifacts import Dataset, Run, Tags, TagsManifest
from shelftag.evaluation.drift_outcome import Drift
from shelftag.evaluation.predictions import read_predictions
from shelftag.evaluation.rows import read_rows
from shelftag.model.linear import LinearModel
from shelftag.tagging.tagger import Tagger
from tests import tiny

SETTINGS = ("scaling.threads_per_worker=1",)


@pytest.fixture(scope="module")
def run(tiny_run: Run, tiny_dataset: Dataset) -> Run:
    """The tiny Run with the predictions that `evaluate` writes."""
    tagger = Tagger.load(tiny_run, tiny.CONFIG.tagging)
    linear = LinearModel.load(tiny_run.linear_dir)
    test = score_rows(read_rows(tiny_dataset, "test", 0), tagger, linear)
    keep_predictions(tiny_run, tiny_dataset, test, tagger)
    return tiny_run


def drift(path: object, run: Run, *words: str) -> int:
    return main(["drift", str(path), "--run", str(run.path), *words, *SETTINGS])


def tags_of(
    tagger: Run, folder: Path, prefix: str = "", rows: pa.Table | None = None, **changed: object
) -> Tags:
    """What `tag` would have written of the Run's own test products."""
    table = read_predictions(tagger).table if rows is None else rows
    tags = Tags(folder)
    tags.begin()
    columns = {
        "product_name": table["name"],
        "department": table["department"],  # the catalog's own, with a prefix
        f"{prefix}department": table["chosen"].dictionary_encode(),
        f"{prefix}confidence": table["confidence"],
        f"{prefix}status": table["status"].dictionary_encode(),
    }
    pq.write_table(pa.table(columns), (tags.tags / "part-0.parquet").path)
    manifest = TagsManifest(
        shelftag="0",
        fingerprint="t" * 32,
        config={},
        run=tagger.manifest().fingerprint,
        rows_in=len(table),
        rows_out=len(table),
        errors=0,
        unique_names=len(table),
        review=0,
        departments={},
        parts=("part-0.parquet",),
    )
    tags.publish(manifest.model_copy(update=changed))
    return tags


@pytest.mark.parametrize("prefix", ["", "shelftag_"])
def test_the_runs_own_test_products_do_not_drift(
    prefix: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = tags_of(run, tmp_path / "tags", prefix)
    assert drift(tags.place, run, "--out", str(tmp_path / "out")) == 0
    assert "No drift: the largest PSI is 0.000" in capsys.readouterr().out
    found = Drift.model_validate(json.loads((tmp_path / "out" / "drift.json").read_bytes()))
    tested = len(read_predictions(run).table)
    assert (found.rows, found.of, found.reference_rows) == (tested, tested, tested)
    assert found.held_out
    assert found.feeds[0].shares == found.reference
    assert "No drift" in (tmp_path / "out" / "drift.html").read_text()


def test_tags_that_moved_fail_by_name(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = read_predictions(run).table
    pets = table.set_column(4, "chosen", pa.array(["pets"] * len(table)))
    assert drift(tags_of(run, tmp_path / "tags", rows=pets).place, run) == 1
    shown = capsys.readouterr()
    assert "drift above 0.25: departments of all (PSI" in shown.err
    assert "confidence of all" not in shown.err
    assert drift(tags_of(run, tmp_path / "more", rows=pets).place, run, "--max-psi", "9") == 0


def test_tags_of_departments_added_after_training(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = read_predictions(run).table
    added = table.set_column(4, "chosen", pa.array(["pharmacy"] * len(table)))
    tags = tags_of(run, tmp_path / "tags", rows=added)
    assert drift(tags.place, run, "--out", str(tmp_path / "out")) == 1
    assert "departments of all (PSI" in capsys.readouterr().err
    found = Drift.model_validate_json((tmp_path / "out" / "drift.json").read_bytes())
    mix = found.feeds[0].measures[0]
    assert (mix.bins[-1], mix.reference[-1], mix.now[-1]) == ("new departments", 0, len(table))
    assert "new departments" in (tmp_path / "out" / "drift.html").read_text()


def test_few_products_above_the_index_cannot_tell(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = tags_of(run, tmp_path / "tags", rows=read_predictions(run).table.slice(0, 2))
    assert drift(tags.place, run, "--max-psi", "0.05", "--out", str(tmp_path / "out")) == 0
    assert "Cannot tell: a PSI is above 0.05, but " in capsys.readouterr().out
    page = (tmp_path / "out" / "drift.html").read_text()
    assert "Cannot tell" in page
    assert "No drift" not in page


@pytest.mark.parametrize("sample", ["0", "few", "1e4", "2.5"])
def test_a_sample_that_is_no_number_is_refused_first(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", "nowhere", "--run", "nowhere", "--sample", sample]) == 2
    assert f"--sample {sample} is not a whole number of rows above 0" in capsys.readouterr().err


def test_tags_of_another_run_are_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = tags_of(run, tmp_path / "tags", run="e" * 32)
    assert drift(tags.place, run) == 2
    assert "was tagged by Run eeeeeeee" in capsys.readouterr().err
    nothing = tags_of(run, tmp_path / "nothing", parts=())
    assert drift(nothing.place, run) == 2
    assert "0 products with a tag" in capsys.readouterr().err


def test_columns_that_are_not_there_are_named(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = tags_of(run, tmp_path / "tags")
    assert drift(tags.place, run, "--name-column", "title") == 2
    assert "no column 'title'" in capsys.readouterr().err
    assert drift(tags.place, run, "--name-column", "confidence") == 2
    assert "column 'confidence' of" in capsys.readouterr().err
    assert drift(tags.place, run, "--source-column", "shop") == 2
    assert "name one of them with --source-column" in capsys.readouterr().err
    part = (tags.tags / "part-0.parquet").path
    pq.write_table(pq.read_table(part).drop_columns("confidence"), part)
    assert drift(tags.place, run) == 2
    assert "has no columns department, confidence, status" in capsys.readouterr().err


def write_catalog(file: Path, names: list[str], ids: list[str]) -> Path:
    columns = {"product_id": ids, "product_name": names, "department": ["their own"] * len(names)}
    pcsv.write_csv(pa.table(columns), file)
    return file


def test_a_catalog_is_tagged_feed_by_feed(
    run: Run, tiny_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One shop has the Dataset's products, the other things the Run has never heard of."""
    known = pq.read_table(tiny_dataset.products_file)["name"].to_pylist()
    strange = [f"Zorbo Quux {number} Plonk" for number in range(100)]
    ids = [f"old/{i}" for i in range(len(known))] + [f"new/{i}" for i in range(len(strange))]
    catalog = write_catalog(tmp_path / "catalog.csv", [*known, *strange], ids)
    assert drift(catalog, run, "--unseen", "--out", str(tmp_path / "out")) == 1
    shown = capsys.readouterr()
    assert "words not learned of new (PSI" in shown.err
    assert "words not learned of old" not in shown.err
    assert "names the Run has learned from may be among them" in shown.out
    whole, new, old = Drift.model_validate_json(
        (tmp_path / "out" / "drift.json").read_bytes()
    ).feeds
    assert (whole.rows, new.rows, old.rows) == (len(known) + 100, 100, len(known))
    assert new.shares.unseen_words == pytest.approx(1)

    assert drift(catalog, run, "--source-column", "department", "--sample", "30") == 1
    assert "30 of 660 products whose names the Run cannot have learned from" in (
        capsys.readouterr().out
    )


def test_a_catalog_without_products_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(write_catalog(tmp_path / "empty.csv", [], []), run) == 2
    assert "has no rows" in capsys.readouterr().err
    assert drift(write_catalog(tmp_path / "blank.csv", [" ", " "], ["1", "2"]), run) == 2
    assert "0 of 2 products" in capsys.readouterr().err


def test_a_column_of_too_many_values_names_no_feeds(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"Rye Bread {number}" for number in range(300)]
    catalog = write_catalog(tmp_path / "catalog.csv", names, list(map(str, range(300))))
    assert drift(catalog, run, "--unseen", "--source-column", "product_name") == 2
    assert "has 300 values" in capsys.readouterr().err

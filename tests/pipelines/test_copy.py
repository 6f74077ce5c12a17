"""`shelftag copy`, and verbs that read a Run from where it was copied to."""

from pathlib import Path

import pytest

from pipelines.__main__ import main as shelftag
from shelftag.artifacts import Dataset, Exported, Run, read_json
from shelftag.artifacts.fetched import fetched
from shelftag.tagging.identity import check_run
from tests.object_store import ObjectStore
from tests.serve.deployed import variant


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_run_and_its_dataset_there_and_back(
    tiny_run: Run,
    tiny_dataset: Dataset,
    store: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store.bucket("shop")
    for folder in (tiny_run.path, tiny_dataset.path):
        uri = store.uri(f"shop/{folder.name}")
        assert shelftag(["copy", str(folder), uri]) == 0
        assert shelftag(["copy", uri, str(tmp_path / folder.name)]) == 0
    shown = capsys.readouterr()
    assert "dataset: 1 files, " in shown.out
    assert "all compared; 1 of them were not there yet" in shown.out
    assert "copied: " in shown.err
    run, dataset = Run(tmp_path / "run"), Dataset(tmp_path / "dataset")
    assert check_run(run) == check_run(tiny_run)
    assert dataset.manifest() == tiny_dataset.manifest()
    assert dataset.products_file.read_bytes() == tiny_dataset.products_file.read_bytes()
    assert shelftag(["copy", str(tiny_run.path), str(run.path)]) == 0
    assert "all compared; 0 of them were not there yet" in capsys.readouterr().out


def test_evaluate_compare_and_export_read_a_run_from_an_object_store(
    tiny_run: Run, tiny_dataset: Dataset, store: ObjectStore, tmp_path: Path
) -> None:
    store.bucket("shop")
    uris = [store.uri(f"shop/run-{number}") for number in range(2)]
    for number, uri in enumerate(uris):
        run = variant(tiny_run, tmp_path / f"run-{number}", number / 2)
        assert shelftag(["copy", str(run.path), uri]) == 0
        words = ["--run", uri, "--dataset", str(tiny_dataset.path), *QUICK]
        assert shelftag(["evaluate", *words]) == 0
        assert not run.scores_file.exists()
        assert shelftag(["copy", uri, str(tmp_path / f"back-{number}")]) == 0
        back = Run(tmp_path / f"back-{number}")
        assert read_json(back.scores_file) == read_json(fetched(uri).scores_file)
        assert check_run(back) == check_run(run)
    assert shelftag(["compare", *uris]) == 0
    there = store.filesystem.get_file_info("shop/run-1/evaluation")
    assert there.type.name == "Directory"
    out = tmp_path / "model"
    assert shelftag(["export", "--run", uris[0], "--out", str(out), "--merge"]) == 0
    assert Exported(out).manifest().run == fetched(uris[0]).manifest().fingerprint


QUICK = ("evaluation.untuned_rows=0", "evaluation.speed=false", "scaling.threads_per_worker=1")

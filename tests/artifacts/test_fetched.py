"""A Run from an object store is on this machine once, and is the one that stands there."""

from pathlib import Path
from typing import Any

import pytest

from shelftag.artifacts import Dataset, Run, place_of
from shelftag.artifacts import copying as copying_module
from shelftag.artifacts.copying import check_source, copy
from shelftag.artifacts.fetched import cache, fetched, name_of, put_back, whole
from shelftag.errors import ArtifactError
from shelftag.tagging.identity import check_run
from tests.object_store import ObjectStore
from tests.serve.deployed import variant


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are copied."""
    names: list[str] = []
    copy_one = copying_module._copy

    def noting(source: Any, target: Any) -> None:
        names.append(source.base_name)
        copy_one(source, target)

    monkeypatch.setattr(copying_module, "_copy", noting)
    return names


def put(folder: Path, store: ObjectStore, name: str) -> str:
    uri = store.uri(f"{store.bucket('shop')}/{name}")
    copy(check_source(place_of(folder)), place_of(uri))
    return uri


def test_it_is_fetched_once(tiny_run: Run, store: ObjectStore, copied: list[str]) -> None:
    uri = put(tiny_run.path, store, "run")
    copied.clear()
    run = fetched(uri)
    assert run.path.is_relative_to(cache())
    assert run.path.name == "run"
    assert check_run(run).manifest == check_run(tiny_run).manifest
    assert not run.checkpoints_dir.exists()
    assert "adapter_model.safetensors" in copied
    copied.clear()
    assert fetched(uri).path == run.path
    assert copied == []


def test_what_was_cut_is_fetched_on(tiny_run: Run, store: ObjectStore, copied: list[str]) -> None:
    uri = put(tiny_run.path, store, "run")
    run = fetched(uri)
    run.manifest_file.unlink()
    weights = run.adapter_dir / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    copied.clear()
    check_run(fetched(uri))
    assert copied == [weights.name]


def test_another_run_under_the_same_uri_is_another(
    tiny_run: Run, store: ObjectStore, tmp_path: Path
) -> None:
    first = fetched(put(tiny_run.path, store, "run"))
    other = variant(tiny_run, tmp_path / "other", 0.5)
    store.filesystem.delete_dir("shop/run")
    second = fetched(put(other.path, store, "run"))
    assert first.path != second.path
    assert check_run(second).calibration.threshold == 0.5
    assert check_run(first).manifest == tiny_run.manifest()


def test_an_evaluation_goes_back_and_is_seen(
    tiny_run: Run, store: ObjectStore, copied: list[str], tmp_path: Path
) -> None:
    run = variant(tiny_run, tmp_path / "own", 0.5)
    uri = put(run.path, store, "run")
    here = fetched(uri)
    here.evaluation_dir.mkdir()
    here.scores_file.write_text('{"accuracy": 0.81}')
    copied.clear()
    put_back(here, uri)
    assert copied == ["scores.json"]
    with store.filesystem.open_output_stream("shop/run/evaluation/scores.json") as file:
        file.write(b'{"accuracy": 0.82}')  # as long: its size does not tell
    assert fetched(uri).scores_file.read_text() == '{"accuracy": 0.82}'
    put_back(run, run.path)  # a local one is there already


def test_a_dataset_is_no_run(tiny_dataset: Dataset, store: ObjectStore) -> None:
    uri = put(tiny_dataset.path, store, "dataset")
    with pytest.raises(ArtifactError, match=r"shop/dataset.* is not a Run \("):
        fetched(uri)
    assert not cache().exists()


def test_no_room_for_it_is_said(
    tiny_run: Run, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = put(tiny_run.path, store, "run")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ArtifactError, match=r"cannot be made .*: set XDG_CACHE_HOME to a folder"):
        fetched(uri)


def test_a_local_run_is_where_it_is(tmp_path: Path) -> None:
    assert fetched(tmp_path / "run").path == tmp_path / "run"
    assert fetched("run").path == Path.cwd() / "run" == whole("run")
    assert whole("s3://shop/run?a=b") == "s3://shop/run?a=b"
    assert name_of("s3://shop/run/?endpoint=/x") == name_of("/shop/run") == "run"

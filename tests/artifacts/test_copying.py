"""A finished folder on an object store and back, and what a copy refuses."""

from pathlib import Path
from typing import Any

import pytest

from shelftag.artifacts import MARKER, Place, Run, place_of
from shelftag.artifacts.copying import check_source, check_target, copy, listing
from shelftag.errors import ArtifactError, Failed, InputError
from tests.object_store import ObjectStore, object_store

FILES = {
    "adapter/adapter_model.safetensors": b"weights" * 1_000,
    "adapter/README.md": b"card",
    "base/config.json": b"{}",
    "config.json": b"{}",
    "evaluation/scores.json": b"{}",
}
STAYS = ("checkpoints/checkpoint-9/optimizer.pt", "scratch/fed-0.json", ".shelftag-incomplete")


def made(folder: Path, **more: bytes) -> Place:
    """A folder as a Run's, with what stays behind, and an empty folder."""
    for name, data in {**FILES, **dict.fromkeys(STAYS, b"private"), **more}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "rejects").mkdir()
    (folder / "manifest.json").write_bytes(b'{"fingerprint": "1"}')
    return place_of(folder)


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def copied(source: Place, target: Place) -> int:
    """As the verb does it."""
    found = check_source(source)
    check_target(found, target)
    return copy(found, target)


def test_there_and_back(tmp_path: Path, store: ObjectStore) -> None:
    there = place_of(store.uri(f"{store.bucket('shop')}/runs/run"))
    written = copied(made(tmp_path / "run"), there)
    assert written == len(FILES)
    assert copied(there, place_of(tmp_path / "back")) == written
    assert contents(tmp_path / "back") == FILES | {"manifest.json": b'{"fingerprint": "1"}'}
    assert (tmp_path / "back" / "rejects").is_dir()
    assert copied(place_of(tmp_path / "back"), there) == 0, "all of it was there"


def test_the_same_command_goes_on_after_a_cut(tmp_path: Path) -> None:
    source, target = made(tmp_path / "run"), place_of(tmp_path / "copy")
    done: list[int] = []

    def cut(size: int) -> None:
        done.append(size)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(check_source(source), target, cut)
    assert not (target / "manifest.json").is_file(), "no reader takes it for whole"
    with pytest.raises(ArtifactError, match=r"without a manifest\.json"):
        check_source(target)
    cut_one = tmp_path / "copy" / "adapter" / "README.md"
    cut_one.write_bytes(b"ca")
    harmed = tmp_path / "copy" / "base" / "config.json"
    harmed.write_bytes(b"[]")
    assert copied(source, target) == 4, "all but the weights"
    assert contents(tmp_path / "copy") == FILES | {"manifest.json": b'{"fingerprint": "1"}'}


def test_what_is_not_whole_is_no_source(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(ArtifactError, match=f"{folder} is not a folder: name a folder that is fin"):
        check_source(place_of(folder))
    made(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="run is half-written"):
        check_source(place_of(folder))
    (folder / MARKER).unlink()
    with pytest.raises(ArtifactError, match=r"without a manifest\.json"):
        check_source(place_of(folder))


def test_two_folders_are_not_mixed(tmp_path: Path) -> None:
    source, folder = check_source(made(tmp_path / "run")), tmp_path / "copy"
    target = made(folder)
    check_target(source, target)
    (folder / "mine.txt").touch()
    with pytest.raises(ArtifactError, match=r"copy holds mine\.txt, and .*run does not: name an"):
        check_target(source, target)
    (folder / "mine.txt").unlink()
    (folder / "manifest.json").write_bytes(b"{}")
    with pytest.raises(ArtifactError, match=r"copy holds another folder than .*run: name another"):
        check_target(source, target)
    with pytest.raises(ArtifactError, match=r"config\.json is a file: name a folder"):
        check_target(source, target / "config.json")


def test_a_source_that_was_made_anew_is_not_called_whole(tmp_path: Path) -> None:
    source, target = check_source(made(tmp_path / "run")), place_of(tmp_path / "copy")
    (tmp_path / "run" / "manifest.json").write_bytes(b"{}")
    with pytest.raises(Failed, match=r"run was made anew meanwhile: remove .*copy"):
        copy(source, target)
    assert not (target / "manifest.json").is_file()


def test_other_bytes_than_were_written_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = check_source(made(tmp_path / "run")), place_of(tmp_path / "copy")
    create = Place.create

    def damaging(self: Place) -> Any:
        file = create(self)
        if self.base_name != "config.json":
            return file
        file.write(b"[")
        return file

    monkeypatch.setattr(Place, "create", damaging)
    with pytest.raises(Failed, match=r"base/config\.json to .*copy stopped \(other bytes came"):
        copy(source, target)
    assert not (target / "manifest.json").is_file()


def test_a_bucket_that_is_not_there(tmp_path: Path, store: ObjectStore) -> None:
    target = place_of(store.uri("no-such-bucket/run"))
    with pytest.raises(Failed, match=r"stopped \(.*NO_SUCH_BUCKET") as failed:
        copied(made(tmp_path / "run"), target)
    assert "\n" not in str(failed.value)
    with pytest.raises(ArtifactError, match=r"no-such-bucket/run.* is not a folder"):
        check_source(target)


def test_credentials_that_are_not_taken(tmp_path: Path) -> None:
    with object_store(tmp_path, INITIAL_NO_AUTH_ACTION_COUNT="0") as store:
        there = place_of(store.uri("shop/run"))
        with pytest.raises(InputError, match=r"shop/run.* cannot be reached \(.*credentials"):
            check_source(there)
        with pytest.raises(InputError, match=r"shop/run.* cannot be reached \("):
            copied(made(tmp_path / "run"), there)


def test_a_run_s_own_files_all_go_along_but_for_what_only_training_needs(tmp_path: Path) -> None:
    for name in Run.contents:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    kept = {name.split("/")[0] for name in listing(place_of(tmp_path)).files}
    assert set(Run.contents) - kept == {"checkpoints", "scratch", "base.draft"}

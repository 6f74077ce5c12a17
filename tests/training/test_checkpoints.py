"""A checkpoint is whole, or it is not used."""

from collections.abc import Callable
from pathlib import Path

import pytest

from shelftag.artifacts import write_json
from shelftag.training.checkpoints import (
    SEAL,
    VALIDATION,
    best_whole,
    checkpoints,
    commit,
    newest_whole,
)

MADE_BY = {"workers": 1, "strategy": "ddp", "steps": 40}


def save(folder: Path, step: int, loss: float | None = None) -> Path:
    """A checkpoint of two files and a shard, committed."""
    draft = folder.parent / "scratch" / f"checkpoint-{step}"
    (draft / "global_step").mkdir(parents=True)
    for name in ("adapter_model.safetensors", "optimizer.pt", "global_step/shard.pt"):
        (draft / name).write_bytes(f"{name} of {step}".encode() * 100)
    if loss is not None:
        write_json(draft / VALIDATION, {"loss": loss})
    commit(draft, folder, MADE_BY)
    assert not draft.exists()
    return folder / draft.name


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2])


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink], ids=["flipped", "cut", "gone"])
@pytest.mark.parametrize("name", ["optimizer.pt", "global_step/shard.pt", SEAL])
def test_the_one_before_a_damaged_one_is_used(
    tmp_path: Path, harm: Callable[[Path], None], name: str
) -> None:
    folder = tmp_path / "checkpoints"
    before, last = save(folder, 10), save(folder, 20)
    whole, damaged = newest_whole(folder)
    assert whole is not None
    assert (whole.path, whole.step, damaged) == (last, 20, {})
    harm(last / name)
    whole, damaged = newest_whole(folder)
    assert whole is not None
    assert whole.path == before
    assert set(damaged) == {"checkpoint-20"}
    if name != SEAL:
        assert damaged["checkpoint-20"] == [name]


def test_without_a_whole_one_there_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    assert newest_whole(folder) == (None, {})
    flip(save(folder, 10) / "optimizer.pt")
    assert newest_whole(folder) == (None, {"checkpoint-10": ["optimizer.pt"]})
    assert best_whole(folder) is None


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    for step, loss in ((10, 0.9), (20, 0.3), (30, 0.4), (40, 0.5), (50, 0.6)):
        save(folder, step, loss)
    assert [checkpoint.step for checkpoint in checkpoints(folder)] == [50, 40, 20]
    best = best_whole(folder)
    assert best is not None
    assert (best.step, best.validation_loss, best.made_by()) == (20, 0.3, MADE_BY)
    flip(best.path / "optimizer.pt")
    second = best_whole(folder)
    assert second is not None
    assert second.step == 40


def test_without_validation_the_last_is_the_best(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    for step in (8, 9, 10, 100):
        save(folder, step)
    assert [checkpoint.step for checkpoint in checkpoints(folder)] == [100, 10]
    best = best_whole(folder)
    assert best is not None
    assert best.step == 100


def test_a_checkpoint_made_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    flip(save(folder, 10) / "optimizer.pt")
    again = save(folder, 10)
    whole, damaged = newest_whole(folder)
    assert whole is not None
    assert (whole.path, damaged) == (again, {})

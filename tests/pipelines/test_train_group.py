"""How a training run ends, when it does not end well."""

from pathlib import Path

import pytest

import pipelines.train_group
import pipelines.train_worker
from pipelines.train_group import ControllerLost, _cause, _stopped, _to_the_end, _trained
from shelftag.artifacts import MARKER, Run, read_json, write_json
from shelftag.errors import TrainingFailed
from shelftag.training.checkpoints import commit


def save(run: Run, step: int) -> None:
    """A checkpoint of a run of 40 steps."""
    draft = run.scratch_dir / f"checkpoint-{step}"
    draft.mkdir(parents=True)
    (draft / "adapter_model.safetensors").write_bytes(b"weights")
    commit(draft, run.checkpoints_dir, {"workers": 1, "strategy": "ddp", "steps": 40})


@pytest.mark.parametrize(("steps", "there"), [((), "no checkpoint"), ((10, 20), "checkpoint-20")])
def test_a_run_without_its_last_step_is_a_failure(
    tmp_path: Path, steps: tuple[int, ...], there: str
) -> None:
    """Workers that end without an error may still have trained nothing."""
    run = Run(tmp_path)
    for step in steps:
        save(run, step)
    with pytest.raises(TrainingFailed, match=f"ended with {there} and not with its last step"):
        _trained(run)
    save(run, 40)
    assert _trained(run).step == 40


def test_a_damaged_last_step_is_no_end(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for step in (30, 40):
        save(run, step)
    (run.checkpoints_dir / "checkpoint-40" / "adapter_model.safetensors").write_bytes(b"weight")
    with pytest.raises(TrainingFailed, match="ended with checkpoint-30"):
        _trained(run)


def test_a_stop_names_the_last_good_checkpoint(tmp_path: Path) -> None:
    run = Run(tmp_path)
    write_json(run.stopped_file, {"problem": "the loss is nan at step 23", "way_out": "a lower"})
    assert "no checkpoint was made: a lower" in str(_stopped(run))
    save(run, 20)
    said = rf"nan at step 23, and the last good checkpoint is {run.checkpoints_dir}/checkpoint-20:"
    with pytest.raises(TrainingFailed, match=said):
        raise _stopped(run)


def test_the_cause_is_one_line_and_not_what_followed_from_it() -> None:
    from ray.train.v2._internal.exceptions import UserExceptionWithTraceback
    from ray.train.v2.api.exceptions import WorkerGroupError

    closed = RuntimeError("[pair.cc:547] Connection closed by peer [10.0.0.2]:4711")
    cause = ValueError("the disk is full\nin two lines")
    failures: dict[int, Exception] = {
        rank: UserExceptionWithTraceback(error, "Traceback (most recent call last):\n...")
        for rank, error in enumerate((closed, cause))
    }
    assert _cause(WorkerGroupError("...", failures)) == "worker 1: ValueError: the disk is full"


@pytest.mark.parametrize(
    "error", [ValueError("no such thing"), TrainingFailed("no such thing", "mend it")]
)
def test_what_is_sure_to_come_again_is_written_down_once(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, tries = Run(tmp_path), []
    (run.path / MARKER).touch()

    def fail(**_: object) -> None:
        tries.append(error)
        raise error

    monkeypatch.setattr(pipelines.train_worker, "_fit", fail)
    with pytest.raises(type(error)):
        pipelines.train_worker.train_worker({"run": run})
    pipelines.train_worker.train_worker({"run": run})  # the attempt that Ray makes after it
    assert len(tries) == 1
    assert "no such thing" in read_json(run.stopped_file)["problem"]


def test_a_lost_peer_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(tmp_path)
    (run.path / MARKER).touch()

    def fail(**_: object) -> None:
        raise RuntimeError("Connection closed by peer")

    monkeypatch.setattr(pipelines.train_worker, "_fit", fail)
    with pytest.raises(RuntimeError):
        pipelines.train_worker.train_worker({"run": run})
    assert not run.stopped_file.exists()


def test_a_group_that_ray_has_ended_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker at work then meets a ValueError of torch, which is none of its own."""
    import torch.distributed as dist

    run = Run(tmp_path)
    (run.path / MARKER).touch()
    meeting = f"file://{tmp_path}/meeting"

    def fail(**_: object) -> None:
        dist.destroy_process_group()
        dist.barrier()

    dist.init_process_group("gloo", init_method=meeting, rank=0, world_size=1)
    monkeypatch.setattr(pipelines.train_worker, "_fit", fail)
    with pytest.raises(ValueError, match="process group has not been initialized"):
        pipelines.train_worker.train_worker({"run": run})
    assert not run.stopped_file.exists()


def test_to_leave_a_machine_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ends: list[tuple[str, int | None] | ControllerLost] = [
        *(("", 3), ("", 7), ("", 9)),
        *(ControllerLost("gone"), ("", 11), ("", None)),
    ]

    def end(_: object) -> tuple[str, int | None]:
        found = ends.pop(0)
        if isinstance(found, ControllerLost):
            raise found
        return found

    monkeypatch.setattr(pipelines.train_group, "_run_workers", end)
    assert _to_the_end({}, max_failures=1) == ""
    assert not ends
    assert capsys.readouterr().out.count("going on without it") == 4
    ends += [ControllerLost("gone"), ControllerLost("gone again")]
    assert _to_the_end({}, max_failures=1) == "gone again"

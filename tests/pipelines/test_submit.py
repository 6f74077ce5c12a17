"""`shelftag submit` and `shelftag jobs` at a terminal: what is refused here, and what is said."""

import platform
from pathlib import Path
from typing import Any

import pytest
import ray

from cluster import job_api
from cluster.jobs import Job, found
from pipelines.__main__ import main
from pipelines.jobs import exit_code
from shelftag.errors import Failed
from tests.cluster.test_jobs import StubbedRay, details


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def connected(*_: Any) -> None:
        raise AssertionError("the cluster was asked")

    monkeypatch.setattr(job_api, "connected", connected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("prepare --tables tables --out /d", "--tables tables is relative, and the job runs"),
        ("prepare --tables s3://b/t --out d", "--out d is relative"),
        ("prepare --tables /t --out /d data.overrides=[/a,b]", "--overrides b is relative"),
        ("train --dataset /d --out run", "--out run is relative"),
        ("train --dataset s3://b/d --out /r", "--dataset s3:/b/d is a URI, and must be a folder"),
        ("compare /a b", "RUN_B b is relative"),
        ("demo", "--out demo is relative"),
        ("train --dataset /d --out /r train.epoch=1", "'train.epoch' is unknown"),
        ("train --dataset /d --out /r --config gone.yaml", "gone.yaml cannot be read"),
        ("train --dataset /d --out /r --secret A=b", "--secret number 1 is no name"),
    ],
)
def test_a_mistake_is_refused_before_anything_is_sent(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["submit", *words.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


@pytest.mark.parametrize("words", ["submit", "jobs", "keys new", "tidy", "prepare --tables /t"])
def test_verbs_that_are_no_jobs_and_options_that_are_not_whole(words: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["submit", *words.split()])
    assert stop.value.code == 2


def test_code_that_is_too_large_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ray._private import ray_constants

    monkeypatch.setattr(ray_constants, "DASHBOARD_CLIENT_MAX_SIZE", 10_000)
    assert main(["submit", "doctor"]) == 2
    assert "and the cluster takes 0.0 MB at most; the largest: " in capsys.readouterr().err


def test_help_is_of_the_verb_and_of_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["submit", "prepare", "--help"])
    shown = capsys.readouterr().out
    for word in ("--tables", "--overwrite", "--address", "--secret", "--no-wait", "--config"):
        assert word in shown
    example = "shelftag submit prepare --address http://127.0.0.1:8265 --tables /mnt/tables"
    assert f"examples:\n  {example} --out /mnt/out\n" in shown


def test_a_dry_run_shows_the_config_that_would_travel(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("extends: nano_cpu\ntrain: {epochs: 2.5}\n")
    words = ["--dataset", "/d", "--out", "/r", "--config", str(file), "--dry-run"]
    assert main(["submit", "train", *words]) == 0
    shown = capsys.readouterr().out
    for line in ("epochs: 2.5", "output_dir: /r", "address: auto"):
        assert line in shown


class Cluster:
    """A dashboard that takes one job."""

    def __init__(self, mode: str) -> None:
        ours = {"rayVersion": ray.__version__, "pythonVersion": platform.python_version()}
        self._answers: dict[str, Any] = {
            "/api/v0/cluster_metadata": {"data": ours},
            "/api/authentication_mode": {"authentication_mode": mode},
        }
        self.taken: dict[str, Any] = {}

    def answer(self, path: str) -> Any:
        return self._answers.get(path, {})

    def submit_job(self, **job: Any) -> None:
        self.taken = job


@pytest.mark.parametrize("mode", ["token", "disabled"])
def test_what_is_submitted(
    mode: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The name of a secret and never its value; time to end in; an open cluster is warned of."""
    cluster = Cluster(mode)
    monkeypatch.setattr(job_api, "connected", lambda _: (cluster, "http://head:8265"))
    monkeypatch.setenv("HF_TOKEN", "hf_1234")
    words = ["train", "--dataset", "/d", "--out", "/r", "--overwrite", "--secret", "HF_TOKEN"]
    assert main(["submit", *words, "--no-wait", "train.epochs=2"]) == 0
    job = cluster.taken
    assert job["entrypoint"].endswith(
        "; python -m pipelines train --dataset=/d --overwrite "
        "'train.output_dir=\"/r\"' train.epochs=2.0 'scaling.address=\"auto\"'"
    )
    assert job["metadata"] == {"shelftag_verb": "train"}
    assert job["runtime_env"]["env_vars"] == {"RAY_JOB_STOP_WAIT_TIME_S": "60"}
    assert "hf_1234" not in str(job)
    shown = capsys.readouterr()
    assert shown.out == f"{job['submission_id']}\n"
    assert f"shelftag jobs {job['submission_id']} --address http://head:8265 --stop" in shown.err
    assert ("asks for no token" in shown.err) == (mode == "disabled")


@pytest.mark.parametrize("flag", ["--follow", "--stop"])
def test_following_needs_a_job(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", flag]) == 2
    assert "name it: shelftag jobs JOB" in capsys.readouterr().err


def job(status: str, code: int | None = None, message: str = "") -> Job:
    told = details("train-1", status, driver_exit_code=code, message=message)
    return found(StubbedRay(told), "train-1")


@pytest.mark.parametrize("code", [1, 2, 130])
def test_the_exit_code_is_the_job_s(code: int) -> None:
    assert exit_code(job("SUCCEEDED", 0)) == 0
    assert exit_code(job("FAILED", code)) == code


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (("STOPPED", None, ""), "job train-1 was stopped: "),
        (("FAILED", 137, "a\nKilled\n"), "job train-1 failed with exit code 137 (Killed)"),
        (("FAILED", None, "No node has room."), "job train-1 failed (No node has room.)"),
    ],
)
def test_one_that_did_not_end_by_itself_has_failed(ended: Any, expected: str) -> None:
    with pytest.raises(Failed) as failed:
        exit_code(job(*ended))
    assert str(failed.value).startswith(expected)
    assert failed.value.exit_code == 1

"""A training run survives: real processes, real kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from shelftag.artifacts import Dataset, Run, read_json
from tests import tiny

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STEPS = 1_500
PATIENCE_S = 280


def start(dataset: Dataset, run: Run, *more: str) -> subprocess.Popen[str]:
    settings = [*tiny.OVERRIDES, f"train.max_steps={STEPS}", "train.learning_rate=0.001", *more]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "pipelines", "train"),
            *("--dataset", str(dataset.path), "--out", str(run.path)),
            *settings,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.2"},
    )


def wait_for_checkpoints(driver: subprocess.Popen[str], run: Run, count: int) -> None:
    """Until Ray Train has registered some: one that is only written is lost with its worker."""
    snapshot = run.checkpoints_dir / "checkpoint_manager_snapshot.json"
    seen: set[str] = set()
    deadline = time.monotonic() + PATIENCE_S
    while len(seen) < count:
        assert driver.poll() is None, driver.communicate()[0]
        assert time.monotonic() < deadline, "no checkpoint in time"
        if snapshot.is_file():
            seen.add(snapshot.read_text())
        time.sleep(0.05)


def kill_training_worker(driver: subprocess.Popen[str]) -> None:
    workers = [
        process
        for process in psutil.Process(driver.pid).children(recursive=True)
        if "RayTrainWorker" in " ".join(process.cmdline())
    ]
    assert len(workers) == 1
    workers[0].send_signal(signal.SIGKILL)


def check_finished(run: Run) -> None:
    manifest = run.manifest()
    assert manifest.training["steps"] == STEPS
    progress = read_json(run.progress_file)
    assert progress["step"] == STEPS
    assert 0 < progress["first_step"] < STEPS, "it began again instead of going on"
    assert progress["first_step"] % tiny.CONFIG.train.save_steps == 0


def test_a_killed_worker_is_replaced(tiny_dataset: Dataset, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    driver = start(tiny_dataset, run)
    wait_for_checkpoints(driver, run, 3)
    kill_training_worker(driver)
    output, _ = driver.communicate(timeout=PATIENCE_S)
    assert driver.returncode == 0, output
    assert "from step" in output
    check_finished(run)


def test_a_killed_driver_goes_on_with_the_same_command(
    tiny_dataset: Dataset, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    driver = start(tiny_dataset, run)
    wait_for_checkpoints(driver, run, 3)
    family = psutil.Process(driver.pid).children(recursive=True)
    for process in (psutil.Process(driver.pid), *family):  # a machine that loses power
        process.kill()
    driver.communicate()
    assert not run.is_complete
    output, _ = start(tiny_dataset, run).communicate(timeout=PATIENCE_S)
    assert "going on with" in output
    check_finished(run)


def test_two_workers_train_one_run(tiny_dataset: Dataset, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    driver = start(tiny_dataset, run, "scaling.workers=2")
    output, _ = driver.communicate(timeout=PATIENCE_S)
    assert driver.returncode == 0, output
    assert run.manifest().training["steps"] == STEPS

"""SIGTERM and SIGKILL while models are timed: one line, and no process is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from shelftag.artifacts import Dataset, Run
from tests import tiny

SETTINGS = (
    *tiny.OVERRIDES,
    "evaluation.untuned_rows=0",
    "evaluation.suspects=false",
    "evaluation.learning_curve=false",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_stopped_while_timing(
    tiny_run: Run, tiny_dataset: Dataset, stop: signal.Signals, code: int, tmp_path: Path
) -> None:
    words = ("evaluate", "--run", str(tiny_run.path), "--dataset", str(tiny_dataset.path))
    mark = {"SHELFTAG_TEST_MARK": str(tmp_path)}
    with (tmp_path / "err").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", *words, *SETTINGS],
            stderr=errors,
            stdout=subprocess.DEVNULL,
            env=os.environ | mark,
        )
        _wait_for("timing: TF-IDF", tmp_path / "err")
        time.sleep(1.0)
        process.send_signal(stop)
        assert process.wait(60) == code
    if stop == signal.SIGTERM:
        assert (tmp_path / "err").read_text().splitlines()[-1] == "shelftag: interrupted"
    deadline = time.monotonic() + 30
    while (left := _marked(str(tmp_path))) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not left


def _wait_for(text: str, file: Path) -> None:
    deadline = time.monotonic() + 200
    while text not in file.read_text():
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.1)


def _marked(mark: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("SHELFTAG_TEST_MARK") == mark:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found

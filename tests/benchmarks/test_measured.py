"""A run is all that it starts: whoever the parent is by now, and whatever its name."""

import sys
from pathlib import Path

import pytest

from shelftag.errors import Failed
from tests.benchmarks.measured import Measured, measure

HOLD = "held = b'x' * 200_000_000; import time; time.sleep(0.5)"
SPAWN = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {!r}], {})"


def run(code: str, folder: Path) -> Measured:
    return measure([sys.executable, "-c", code], folder / "log", memory=True)


def test_a_child_in_a_session_of_its_own_counts(tmp_path: Path) -> None:
    measured = run(SPAWN.format(HOLD, "start_new_session=True") + "; child.wait()", tmp_path)
    assert 200e6 < measured.peak_bytes < 400e6
    assert measured.seconds > 0.5


def test_it_returns_when_all_it_started_is_gone(tmp_path: Path) -> None:
    last = tmp_path / "last"
    run(SPAWN.format(f"{HOLD}; open({str(last)!r}, 'w')", "start_new_session=True"), tmp_path)
    assert last.exists()


def test_what_processes_share_counts_once(tmp_path: Path) -> None:
    fork = "import os, time; held = b'x' * 200_000_000; os.fork(); time.sleep(0.5)"
    assert 200e6 < run(fork, tmp_path).peak_bytes < 300e6


def test_a_failure_names_the_log(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"exited with 3.*log"):
        run("raise SystemExit(3)", tmp_path)


def test_the_time_on_cores_is_that_of_all_processes(tmp_path: Path) -> None:
    spin = "import time\nwhile time.process_time() < 1: pass"
    code = SPAWN.format(spin, "start_new_session=True") + f"; exec({spin!r}); child.wait()"
    measured = measure([sys.executable, "-c", code], tmp_path / "log", memory=False)
    assert 1.4 < measured.core_seconds < 2.4

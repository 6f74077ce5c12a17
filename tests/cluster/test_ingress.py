"""HAProxy's environment: set for a Ray that starts in the block, and gone after it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.ingress import end_those_of, haproxy, haproxy_environment


def test_its_files_are_its_own_and_gone_afterwards() -> None:
    before = dict(os.environ)
    with haproxy():
        assert os.environ["RAY_SERVE_ENABLE_HA_PROXY"] == "1"
        folder = Path(os.environ["RAY_SERVE_HAPROXY_SERVER_STATE_BASE"])
        assert folder.stat().st_mode & 0o077 == 0
        with haproxy():
            assert os.environ["RAY_SERVE_HAPROXY_SERVER_STATE_BASE"] == str(folder)
    assert not folder.exists()
    assert dict(os.environ) == before


def test_what_is_set_already_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_SERVE_THROUGHPUT_OPTIMIZED", "0")
    with haproxy():
        assert os.environ["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "0"
    assert os.environ["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "0"


def test_ray_reads_every_variable() -> None:
    """A name that Ray does not know would be ignored in silence."""
    from ray.serve._private import constants

    known = Path(constants.__file__).read_text()
    for name in haproxy_environment(Path("folder")):
        assert f'"{name}"' in known


def test_what_is_left_of_haproxy_is_ended(tmp_path: Path) -> None:
    """Where Ray was killed, nobody else ends it."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        subprocess.Popen([*command, str(tmp_path / "haproxy.cfg")]) as ours,
        subprocess.Popen(command) as another,
    ):
        end_those_of(tmp_path)
        assert ours.wait(30) == -signal.SIGTERM
        assert another.poll() is None
        another.kill()


def test_its_sockets_have_short_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/var/tmp/a/folder/far/away")
    with haproxy():
        assert os.environ["RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH"].startswith("/tmp/haproxy-")

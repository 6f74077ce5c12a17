"""HAProxy's environment: set for a Ray that starts in the block, and gone after it."""

import os
from pathlib import Path

import pytest

from cluster.ingress import haproxy, haproxy_environment


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

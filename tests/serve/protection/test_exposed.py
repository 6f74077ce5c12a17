"""Which addresses others reach, and that nothing answers there without keys."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipelines.__main__ import main as shelftag
from serve.app import serving
from serve.protection.exposed import check_exposed, is_loopback, listening_host
from serve.protection.key_ring import key_ring
from serve.protection.keys import VARIABLE, key_line, new_key
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.errors import ConfigError, Failed
from tests import tiny
from tests.network import free_port


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.0.2.1", False),
        ("no.such.host.invalid", False),
    ],
)
def test_which_addresses_others_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    check_exposed(host, key_ring(key_line("shop", new_key()), None))
    check_exposed(None, None)
    if not loopback:
        with pytest.raises(ConfigError, match="no API keys"):
            check_exposed(host, None)


def test_an_address_that_ray_does_not_tell_is_open_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ray.serve import context

    monkeypatch.delattr(context, "_get_global_client")
    host = listening_host()
    assert host is not None
    assert not is_loopback(host)


def test_the_command_refuses_to_open_without_keys(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", "--run", str(tiny_run.path), "--port", str(free_port())]
    assert shelftag([*words, "--host", "0.0.0.0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "serve.host = '0.0.0.0' is open to other machines, and there are no API keys" in line
    assert shelftag([*words, "serve.cors_origins=['*']"]) == 2
    assert "serve.cors_origins = ['*']" in capsys.readouterr().err
    (tmp_path / "keys").write_text("stg_oops")
    assert shelftag([*words, f"serve.keys_file={tmp_path / 'keys'}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "line 1 of" in line
    assert "oops" not in line


@pytest.fixture
def open_port(ray_here: None) -> Iterator[int]:  # noqa: ARG001
    """Of a Serve that listens on all interfaces already, whatever our config says."""
    from ray import serve as ray_serve

    port = free_port()
    ray_serve.start(http_options={"host": "0.0.0.0", "port": port})
    yield port
    ray_serve.shutdown()


@pytest.mark.slow
def test_copies_refuse_to_answer_others_without_keys(
    tiny_run: Run, open_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config.model_validate(tiny.CONFIG.model_dump() | {"serve": {"port": free_port()}})
    with (
        pytest.raises(Failed, match=r"'0\.0\.0\.0' is open to other machines"),
        serving(tiny_run, config),
    ):
        pass
    key = new_key()
    monkeypatch.setenv(VARIABLE, key_line("shop", key))
    with serving(tiny_run, config):
        models = f"http://127.0.0.1:{open_port}/v1/models"
        assert httpx.get(models, timeout=30).status_code == 401
        asked = httpx.get(models, headers={"Authorization": f"Bearer {key}"}, timeout=30)
        assert asked.status_code == 200

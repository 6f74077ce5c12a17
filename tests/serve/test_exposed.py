"""A Serve that runs already may listen to others, whatever our config says: its copies find out."""

from collections.abc import Iterator

import httpx
import pytest

from serve.app import serving
from serve.keys import VARIABLE, key_line, new_key
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.errors import Failed
from tests import tiny
from tests.network import free_port


@pytest.fixture
def open_port(ray_here: None) -> Iterator[int]:  # noqa: ARG001
    """Of a Serve that was started on all interfaces, as `serve deploy` may."""
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

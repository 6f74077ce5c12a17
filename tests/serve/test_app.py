"""Before and after Serve starts: options that would do nothing, the address, the first error."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cluster.ingress import VARIABLE
from serve import app
from serve.app import ServeArgs
from serve.checks import check_deployed, check_ingress, check_name
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.errors import ConfigError


def config(**settings: Any) -> Config:
    return Config.model_validate({"serve": settings})


def test_haproxy_is_refused_where_it_cannot_be_put_in_front(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    check_ingress(config())
    with pytest.raises(ConfigError, match="does nothing on a cluster that runs already"):
        check_ingress(config(ingress="haproxy"))
    monkeypatch.setenv(VARIABLE, "1")
    check_ingress(config(ingress="haproxy"))


def test_an_application_of_the_same_name_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a cluster that was joined it may be what `serve deploy` put there."""
    there = SimpleNamespace(applications={"shelftag": "RUNNING"})
    monkeypatch.setattr("ray.serve.status", lambda: there)
    check_name("another")
    with pytest.raises(ConfigError, match="'shelftag' answers on this cluster already"):
        check_name("shelftag")


@pytest.mark.parametrize("name", ["host", "port"])
def test_addresses_of_the_wrong_place_are_refused(name: str) -> None:
    value = {"host": "127.0.0.1", "port": 8000}[name]  # the default, too, if somebody wrote it
    args = ServeArgs.model_validate({"run": "run", "config": {"serve": {name: value}}})
    with pytest.raises(ConfigError, match=rf"serve.{name} = .* does nothing here: .*http_options"):
        check_deployed(args.config)
    check_deployed(ServeArgs(run=Path("run")).config)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        (("127.0.0.1", 8001), "http://127.0.0.1:8001"),  # a Serve that ran before
        (("::1", 8000), "http://[::1]:8000"),
        ((None, 8000), "http://127.0.0.1:8000"),
        (("an unknown address", None), "http://127.0.0.1:8000"),
    ],
)
def test_the_address_that_is_printed_is_the_real_one(
    monkeypatch: pytest.MonkeyPatch, told: Any, address: str
) -> None:
    monkeypatch.setattr(app, "listening", lambda: told)
    assert app._address(config()) == address


def test_the_first_error_is_the_one_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray import serve as ray_serve

    def fails(*_: object) -> None:
        raise ConfigError("the cause", "mend it")

    def nothing_there(_: str) -> None:
        raise RuntimeError("there is no Serve")

    for name in ("check_run", "check_address", "check_name", "check_copies"):
        monkeypatch.setattr(app, name, lambda *_: None)
    monkeypatch.setattr(app, "ray_session", lambda *_, **__: nullcontext())
    monkeypatch.setattr(app, "_start", fails)
    monkeypatch.setattr(ray_serve, "delete", nothing_there)
    with pytest.raises(ConfigError, match="the cause"), app.serving(Run(tmp_path), config()):
        pass

"""The endpoint deployed as `serve deploy` does it, and its copies as the controller sees them."""

import time
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import psutil
import yaml

from serve.app import APPLICATION
from shelftag.artifacts import Run, read_json, write_json
from shelftag.tagging.identity import run_fingerprint

CONFIG = Path(__file__).parents[2] / "serve" / "config.yaml"


def config_of(
    run: Path, port: int, *, live: dict[str, Any] | None = None, **settings: Any
) -> dict[str, Any]:
    """serve/config.yaml for a Run, with `serve` settings and a `user_config`."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    config["http_options"]["port"] = port
    (application,) = config["applications"]
    scaling = {"threads_per_worker": 1}
    application["args"] = {"run": str(run), "config": {"serve": settings, "scaling": scaling}}
    application["deployments"] = [{"name": "tagger", "user_config": live or {}}]
    return config


def apply(config: dict[str, Any]) -> None:
    """What Ray's dashboard does with the file that `serve deploy` sends."""
    from ray.serve.context import _get_global_client
    from ray.serve.schema import ServeDeploySchema

    _get_global_client().deploy_apps(ServeDeploySchema.model_validate(config))


def deploy(config: dict[str, Any], within_s: float = 400) -> None:
    """Apply a config, and wait until all copies have it."""
    apply(config)
    wait_for(is_settled, within_s)


def is_settled() -> bool:
    """Whether the controller has nothing left to do."""
    from ray import serve as ray_serve

    application = ray_serve.status().applications[APPLICATION]
    assert application.status != "DEPLOY_FAILED", application.message
    if application.status != "RUNNING":
        return False
    return set(application.deployments["tagger"].replica_states) == {"RUNNING"}


def copies(of: int | None = None) -> set[int]:
    """Process ids of the tagger's copies under a process; by default, under this one.

    The controller lists none after a deploy that failed.
    """
    below = psutil.Process(of).children(recursive=True)
    return {each.pid for each in below if f"ServeReplica:{APPLICATION}" in _title(each)}


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # gone, or a zombie
        return ""


def wait_for(told: Callable[[], bool], within_s: float) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + within_s
    while not told():
        assert time.monotonic() < deadline, f"not so within {within_s:g} s"
        time.sleep(0.25)


def kill(pid: int) -> None:
    """SIGKILL a copy that is a process of this test's own Ray."""
    assert psutil.Process() in psutil.Process(pid).parents()
    psutil.Process(pid).kill()


def variant(run: Run, folder: Path, threshold: float) -> Run:
    """The same weights, calibrated otherwise: another Run, with a fingerprint of its own."""
    other = Run(copytree(run.path, folder))
    calibration = read_json(other.calibration_file)
    write_json(other.calibration_file, calibration | {"threshold": threshold})
    manifest = read_json(other.manifest_file)
    manifest["fingerprint"] = run_fingerprint(other, manifest["inference"])
    write_json(other.manifest_file, manifest)
    return other

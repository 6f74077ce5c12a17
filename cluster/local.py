"""Starting Ray on this machine, or joining a cluster that runs.

Ray's own ports (GCS, raylet, workers) listen on all interfaces whatever one does, so token auth
stays on, and the token is a file that only its owner can read.
"""

import gc
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.code import TREE, runtime_env
from shelftag.config.scaling import ScalingConfig
from shelftag.errors import ConfigError, Failed, InputError, ShelftagError

MOST_SAID = 400
"""Characters of what Ray says that are passed on."""


@contextmanager
def ray_session(scaling: ScalingConfig, *, dashboard: bool = False) -> Iterator[None]:
    """Ray for the length of a verb; a Ray that runs in this process already is used as it is.

    A Ray that is started here has a dashboard, and with it the job API, only if asked for.

    Raises:
        InputError: Ray does not start here, or `scaling.address` does not answer.
    """
    prepare_environment()
    import ray

    if ray.is_initialized():
        with _unwrapped():
            yield
        return
    try:
        with runtime_env() as code:
            ray.init(**_arguments(scaling, dashboard, code))
    except Exception as error:  # Ray raises bare ones too, such as for a raylet that died
        where = scaling.address or "this machine"
        problem = f"Ray does not answer on {where} ({_reason(error)})"
        raise InputError(problem, "start the cluster, or leave scaling.address out") from error
    try:
        with _unwrapped(), terminated_like_interrupted():
            yield
    finally:
        _stop()


def _reason(error: BaseException) -> str:
    """What Ray says, in one line: it puts versions that differ on lines of their own."""
    cause: BaseException | None = error
    while cause is not None:
        if "InvalidAuthToken" in str(cause):
            return "it does not take our token: RAY_AUTH_TOKEN_PATH names a file with the cluster's"
        cause = cause.__cause__
    return " ".join(str(error).split())[:MOST_SAID] or type(error).__name__


def _stop() -> None:
    """Stop the Ray that was started here, while other threads may go on with their work.

    One that collects a reference of Ray's meanwhile would end the process.
    """
    import ray

    gc.disable()
    try:
        ray.shutdown()
    finally:
        gc.enable()


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM stops a verb as Ctrl-C does; Ray's own handler would print its stack and leave."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


@contextmanager
def _unwrapped() -> Iterator[None]:
    """Our own errors come out of Ray tasks as they were raised, without Ray's wrapping."""
    from ray.exceptions import LocalRayletDiedError, RayTaskError

    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, ShelftagError):
            raise error.cause from None
        raise
    except LocalRayletDiedError as error:
        raise Failed("Ray's raylet here died", "give the same command again") from error


def check_resources(scaling: ScalingConfig, workers: int) -> None:
    """Refuse what Ray would wait for without end; call inside a session.

    Raises:
        ConfigError: the cluster has fewer CPUs or GPUs than the workers need.
    """
    needs = {"GPU": workers * int(scaling.use_gpu), "CPU": workers * scaling.cpus_per_worker}
    check_room(needs, "lower scaling.workers or scaling.cpus_per_worker")


def check_room(needs: dict[str, float], fewer_cpus: str) -> None:
    """The same for any number of CPUs and GPUs, with the way to need fewer CPUs."""
    import ray

    have = ray.cluster_resources()
    for kind, needed in needs.items():
        if have.get(kind, 0) < needed:
            raise ConfigError(
                f"scaling asks for {needed:g} {kind}, and the cluster has {have.get(kind, 0):g}",
                "set scaling.use_gpu=false, or join a cluster that has them (scaling.address)"
                if kind == "GPU"
                else fewer_cpus,
            )


def prepare_environment() -> None:
    """Set what Ray reads from the environment; call before the first `import ray`."""
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine unasked
    # Ray's coming default, and the way to be spared its warning of it in every worker.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # Threads that wait give way: spinning ones make a shared machine many times slower.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Ray puts the folder a driver was started in before the packages of its workers. A folder there
    # that is called as one of ours, such as a clone's, is taken for it, unless a package proper
    # stands on the path: an editable install does not.
    code = [str(TREE), str(TREE / "src")]
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if (TREE / "src" / "shelftag").is_dir() and not set(code) <= set(before):
        os.environ["PYTHONPATH"] = os.pathsep.join([*code, *filter(None, before)])
    if "RAY_AUTH_TOKEN" not in os.environ and "RAY_AUTH_TOKEN_PATH" not in os.environ:
        _private_token(Path.home() / ".ray" / "auth_token")


def is_running() -> bool:
    """Whether the Ray that this process is joined to still listens."""
    import ray

    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
            return True
    except OSError:
        return False


def _arguments(scaling: ScalingConfig, dashboard: bool, code: dict[str, Any]) -> dict[str, Any]:
    if scaling.address is not None:
        # A job has its environment from who submitted it, and Ray refuses a second one.
        environment = None if "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ else code
        return {
            "address": scaling.address,
            "runtime_env": environment,
            "logging_level": logging.WARNING,
            "log_to_driver": True,
        }
    return {
        "address": "local",  # and not a cluster that somebody runs on this machine
        "include_dashboard": dashboard,
        "dashboard_host": "127.0.0.1",
        "object_store_memory": int(scaling.object_store_gb * 2**30),
        "logging_level": logging.ERROR,
        # Workers' own lines stay in Ray's log folder: progress comes through files and results,
        # errors as exceptions.
        "log_to_driver": False,
    }


def _private_token(path: Path) -> None:
    """Ray would write its token readable by everyone; write it first, readable by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        path.chmod(0o600)
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))

"""`shelftag serve`, and the application builder that `serve deploy serve/config.yaml` names.

HTTP listens on `serve.host` and nothing else of ours does. Ray's own ports listen on all
interfaces, whatever one does: GCS (6379 or a random one), raylet and object manager, the agents of
the node, workers and replicas (random ports above 10000). They ask for Ray's token, but for the
agents' metrics, which anyone may read; where others can reach the machine, a firewall should let
nothing in but the port of `serve.port`.
"""

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from cluster.ingress import haproxy
from cluster.local import is_running, ray_session
from serve.checks import (
    check_address,
    check_copies,
    check_deployed,
    check_folders,
    check_ingress,
    check_name,
)
from serve.live import RunPlace
from serve.protection.exposed import check_exposed, check_origins, listening
from serve.protection.key_ring import key_ring
from serve.protection.keys import VARIABLE
from shelftag.artifacts import Run
from shelftag.artifacts.fetched import Where, fetched
from shelftag.config import Config
from shelftag.config.serve import PATHS, ServeConfig
from shelftag.errors import Failed
from shelftag.tagging.identity import check_run

APPLICATION = "shelftag"


class ServeArgs(BaseModel):
    """`args` of the application in serve/config.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: RunPlace
    config: Config = Config()

    @field_validator("config", mode="before")
    @classmethod
    def _full_paths(cls, config: object) -> object:
        """`serve deploy` builds on the cluster, whose folder is not that of who deploys."""
        given = config.get("serve") if isinstance(config, dict) else None
        for name in PATHS:
            value = given.get(name) if isinstance(given, dict) else None
            if isinstance(value, str | Path) and not Path(value).is_absolute():
                raise ValueError(f"serve.{name} = {str(value)!r} is relative: name the full path")
        return config


def build(args: ServeArgs) -> Any:
    """The application, for `serve deploy` and `serve run serve.app:build run=RUN`.

    Raises:
        ArtifactError: the Run cannot be used.
        ConfigError: a setting would do nothing.
    """
    check_deployed(args.config)
    from serve.deployment import application

    check_run(fetched(args.run))
    return application(args.run, args.config)


def main(*, run: str, config: Config) -> None:
    """Answer until Ctrl-C or SIGTERM."""
    with serving(fetched(run), config, run) as url:
        stop = Event()
        previous = {number: signal.signal(number, _setter(stop)) for number in _STOPPERS}
        try:
            print(f"serving {run} at {url} (docs at {url}/docs)", flush=True)
            stop.wait()
            print("stopping", flush=True)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


_STOPPERS = (signal.SIGINT, signal.SIGTERM)


def _setter(stop: Event) -> Any:
    def handle(_: int, __: FrameType | None) -> None:
        stop.set()

    return handle


@contextmanager
def serving(run: Run, config: Config, where: Where | None = None) -> Iterator[str]:
    """Ray Serve with one Run, for the length of the block; gives the address.

    Args:
        where: the URI it was fetched from; each node of a cluster fetches it for itself.

    Raises:
        ArtifactError: the Run cannot be used.
        InputError: the address is taken, or is none of this machine's; the keys cannot be used; a
            folder of jobs is missing.
        ConfigError: others reach the address, or all web pages may call, and there are no keys; an
            option would do nothing; the cluster has an endpoint already, or not what the copies
            need.
        Failed: no copy of the Tagger could be started.
    """
    check_run(run)
    keys = key_ring(os.environ.get(VARIABLE, ""), config.serve.keys_file)
    check_exposed(config.serve.host, keys)
    check_origins(config.serve.cors_origins, keys)
    if config.scaling.address is not None:
        check_ingress(config)
    else:
        check_address(config.serve.host, config.serve.port)
    check_folders(config.serve)
    has_jobs = None not in (config.serve.jobs_input, config.serve.jobs_output)
    ingress = haproxy() if config.serve.ingress == "haproxy" else nullcontext()
    with ingress, ray_session(config.scaling, dashboard=has_jobs):  # its dashboard has the job API
        from ray import serve as ray_serve  # sets up its log, so it comes before the next line

        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        check_copies(config)
        check_name(APPLICATION)
        try:
            _start(ray_serve, run.path if where is None else where, config)
            yield _address(config)
        except BaseException:
            with suppress(Exception):  # Serve may not have come up: the first error is the one
                ray_serve.delete(APPLICATION)
            raise
        _end(ray_serve)


def _end(ray_serve: Any) -> None:
    """End the application; Serve itself ends with a Ray that was started here.

    A signal to the whole process group, as systemd and `timeout` send it, ends Ray's own processes
    too: Serve would wait a minute for what is gone.
    """
    ending = Thread(target=_delete, args=(ray_serve,), daemon=True)
    ending.start()
    while ending.is_alive() and is_running():
        ending.join(0.5)


def _delete(ray_serve: Any) -> None:
    with suppress(Exception):  # a catalog that takes more than a minute is cut here
        ray_serve.delete(APPLICATION)


def _address(config: Config) -> str:
    """Where Serve really listens: one that ran before keeps the address it was started with."""
    host, port = listening()
    if port is None or host is None:
        host, port = config.serve.host, config.serve.port
    return f"http://{_in_url(host)}:{port}"


QUIET = {"log_level": "WARNING", "enable_access_log": False}


def start_ingress(settings: ServeConfig) -> None:
    """Serve itself, listening, without an application."""
    from ray import serve as ray_serve

    ray_serve.start(
        proxy_location="HeadOnly",
        http_options={"host": settings.host, "port": settings.port},
        logging_config=QUIET,
    )


def _start(ray_serve: Any, run: Where, config: Config) -> None:
    from serve.deployment import application

    start_ingress(config.serve)
    try:
        ray_serve.run(application(run, config), name=APPLICATION, logging_config=QUIET)
    except RuntimeError as error:
        reason = _last_line(ray_serve) or str(error)
        raise Failed(f"the endpoint did not start ({reason})", "mend the cause") from error


def _last_line(ray_serve: Any) -> str:
    """What a copy of the Tagger said when it could not start: the end of its traceback."""
    deployments = ray_serve.status().applications[APPLICATION].deployments.values()
    lines = [line for each in deployments for line in each.message.strip().splitlines()]
    return lines[-1].strip() if lines else ""


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host

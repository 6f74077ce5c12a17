"""What bench-serve puts behind one ingress: the tagger, and a no-op with the same routes."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ray import serve as ray_serve

from serve.app import QUIET, start_ingress
from serve.deployment import application
from serve.routes import api
from shelftag.config import Config
from tests.serve.made_service import MadeService

CORES = 0.5
"""Reserved for each replica, so that all stand side by side on two."""


class NoOp:
    """The same routes and answers, with constant tags."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __serve_build_asgi_app__(self) -> FastAPI:
        return api(MadeService(), self._config.serve)


def no_op(config: Config) -> Any:
    """The deployment that tags nothing."""
    deployment = ray_serve.deployment(
        ray_serve.ingress()(NoOp),
        name="no_op",
        max_ongoing_requests=config.serve.max_ongoing_requests,
        ray_actor_options={"num_cpus": CORES},
    )
    return deployment.bind(config)


def start(run: Path, config: Config, cached: Config) -> None:
    """All of them, each under its own prefix."""
    start_ingress(config.serve)
    applications = {
        "no-op": no_op(config),
        "shelftag": application(run, config),
        "cached": application(run, cached),
    }
    for name, bound in applications.items():
        ray_serve.run(bound, name=name, route_prefix=f"/{name}", logging_config=QUIET)

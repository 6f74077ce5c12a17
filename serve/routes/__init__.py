"""The HTTP routes: plain FastAPI over a `Service`, a file for each group."""

from fastapi import FastAPI

import shelftag
from serve.document import RESPONSES, describe
from serve.key_ring import KeyRing
from serve.problems import answer_problems
from serve.protection import protect
from serve.routes import health, models, tag
from serve.service import Service
from shelftag.config.serve import ServeConfig


def api(service: Service, settings: ServeConfig, keys: KeyRing | None = None) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="shelftag",
        version=shelftag.__version__,
        description="One calibrated department for every product.",
        redoc_url=None,  # one page of documentation is enough
        responses=RESPONSES,
    )
    answer_problems(app)
    protect(app, settings, keys)
    describe(app, keys is not None)
    for group in (tag, models, health):
        app.include_router(group.router(service, settings))
    return app

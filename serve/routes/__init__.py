"""The HTTP routes: plain FastAPI over a `Service`, a file for each group."""

from fastapi import FastAPI

import shelftag
from serve.document import RESPONSES, describe
from serve.metrics.measured import Measured
from serve.problems import answer_problems
from serve.protection.key_ring import KeyRing
from serve.protection.stack import protect
from serve.routes import catalog, docs, health, inference_protocol, jobs, metrics, models, page, tag
from serve.service import Service
from shelftag.config.serve import ServeConfig

GROUPS = (tag, catalog, jobs, models, inference_protocol, health, metrics, page, docs)


def api(service: Service, settings: ServeConfig, keys: KeyRing | None = None) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="shelftag",
        version=shelftag.__version__,
        description="One calibrated department for every product.",
        docs_url=None,  # ours is in routes/docs.py
        redoc_url=None,
        responses=RESPONSES,
        redirect_slashes=False,  # it would send to whatever Host the client names
    )
    answer_problems(app)
    protect(app, settings, keys)
    app.add_middleware(Measured)  # the last added is the outermost: it sees every answer
    describe(app, keys is not None)
    for group in GROUPS:
        app.include_router(group.router(service, settings))
    return app

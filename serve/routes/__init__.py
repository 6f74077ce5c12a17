"""The HTTP routes: plain FastAPI over a `Service`, a file for each group."""

from fastapi import FastAPI

import shelftag
from serve.problems import answer_problems
from serve.routes import catalog, health, jobs, models, tag
from serve.service import Service
from shelftag.config.serve import ServeConfig


def api(service: Service, settings: ServeConfig) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="shelftag",
        version=shelftag.__version__,
        description="One calibrated department for every product.",
    )
    answer_problems(app)
    for group in (tag, catalog, jobs, models, health):
        app.include_router(group.router(service, settings))
    return app

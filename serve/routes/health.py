"""Whether a copy of the tagger lives, and whether it can answer."""

from fastapi import APIRouter

from serve.schemas import Health
from serve.service import Service
from shelftag.config.serve import ServeConfig


def router(service: Service, _: ServeConfig) -> APIRouter:
    """The routes; they need no API key."""
    routes = APIRouter(tags=["health"])

    @routes.head("/healthz", include_in_schema=False)  # some balancers ask so
    @routes.get("/healthz")
    async def healthz() -> Health:
        """Whether it answers at all."""
        return Health(status="ok", model=service.models()[0].fingerprint)

    @routes.head("/readyz", include_in_schema=False)
    @routes.get("/readyz")
    async def readyz() -> Health:
        """Whether the model is loaded and warm: a copy is let in to answer only then."""
        model = service.models()[0].fingerprint
        return Health(status="ready", model=model, problem=service.problem)

    return routes

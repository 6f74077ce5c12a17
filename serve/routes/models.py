"""Which Runs answer."""

from fastapi import APIRouter

from serve.service import ModelCard, Service
from shelftag.config.serve import ServeConfig


def router(service: Service, _: ServeConfig) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["models"])

    @routes.get("/v1/models")
    async def models() -> list[ModelCard]:
        """The Runs that this copy holds, the deployed one first."""
        return service.models()

    return routes

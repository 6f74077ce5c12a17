"""Which Run answers where a request names none."""

from fastapi import APIRouter

from serve.service import ModelCard, Service
from shelftag.config.serve import ServeConfig


def router(service: Service, _: ServeConfig) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["models"])

    @routes.get("/v1/models")
    async def models() -> list[ModelCard]:
        """The deployed Run, alone; those of serve.models_root are asked for by name."""
        return service.models()

    return routes

"""What is counted, for Prometheus."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from serve.exposition import exposition, node_addresses
from serve.service import Service
from shelftag.config.serve import ServeConfig

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def router(_: Service, __: ServeConfig) -> APIRouter:
    """The route."""
    routes = APIRouter(tags=["metrics"])

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def metrics(
        everything: Annotated[
            bool, Query(alias="all", description="Ray's other metrics too.")
        ] = False,
    ) -> PlainTextResponse:
        """Metrics of all copies on all nodes: ours, and Ray Serve's. Ray sends its counts every
        ten seconds."""
        nodes = await asyncio.to_thread(node_addresses)
        text = await exposition(nodes, everything=everything)
        return PlainTextResponse(text, media_type=MEDIA_TYPE)

    return routes

"""The same model behind FastAPI and a transformers pipeline, as its documentation shows.

One queue, one loop that asks the pipeline (https://huggingface.co/docs/transformers/
pipeline_webserver), FastAPI where that page has Starlette.

    python -m tests.benchmarks.peers.fastapi_pipeline MODEL PORT
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel


class Product(BaseModel):
    """A product to tag."""

    id: int
    name: str


class Products(BaseModel):
    """What is asked."""

    products: list[Product]


def service(model: str) -> FastAPI:
    """The application."""
    queue: asyncio.Queue[tuple[list[str], asyncio.Queue[Any]]] = asyncio.Queue()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.create_task(_server_loop(model, queue))
        yield
        loop.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/tag")
    async def tag(asked: Products) -> list[list[dict[str, Any]]]:
        answer: asyncio.Queue[Any] = asyncio.Queue()
        await queue.put(([product.name for product in asked.products], answer))
        tags: list[list[dict[str, Any]]] = await answer.get()
        return tags

    return app


async def _server_loop(
    model: str, queue: "asyncio.Queue[tuple[list[str], asyncio.Queue[Any]]]"
) -> None:
    from transformers import pipeline

    pipe = pipeline(task="text-classification", model=model, top_k=3)
    while True:
        names, answer = await queue.get()
        await answer.put(pipe(names))


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(service(sys.argv[1]), port=int(sys.argv[2]), log_level="warning")

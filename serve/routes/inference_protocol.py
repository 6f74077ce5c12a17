"""The Open Inference Protocol v2 over HTTP, for clients of KServe and Triton.

A model is a Run's name, its version the Run's fingerprint. Errors have the protocol's shape,
{"error": "..."}, which serve/problems.py gives to all paths under /v2.

Source: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md
"""

import asyncio
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

import shelftag
from serve.bodies import check_encoding, described, in_thread_if_large
from serve.document import STATUSES
from serve.inference.protocol import INPUTS, OUTPUTS, check_version, read_request, write_answer
from serve.inference.schemas import (
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ModelReady,
    ProtocolError,
    ServerLive,
    ServerMetadata,
    ServerReady,
    TensorMetadata,
)
from serve.inference.tensors import HEADER
from serve.inference.whole import WholeRuns
from serve.loading import find_run
from serve.metrics.measured import count_reasons
from serve.problems import Problem
from serve.service import Service
from shelftag.artifacts import Run
from shelftag.config.serve import ServeConfig
from shelftag.errors import ShelftagError

BINARY = "application/octet-stream"
ERRORS: dict[int | str, dict[str, Any]] = {
    int(status): {"model": ProtocolError, "description": meaning}
    for status, meaning in STATUSES.items()
}


def router(service: Service, settings: ServeConfig) -> APIRouter:
    """The routes; those of health need no API key."""
    routes = APIRouter(prefix="/v2", tags=["inference protocol"], responses=ERRORS)
    _server(routes, service)
    _models(routes, service, settings)
    _infer(routes, service, settings)
    return routes


def _server(routes: APIRouter, service: Service) -> None:
    @routes.get("")
    async def server() -> ServerMetadata:
        """What answers, and which extensions it knows."""
        return ServerMetadata(
            name="shelftag", version=shelftag.__version__, extensions=["binary_tensor_data"]
        )

    @routes.head("/health/live", include_in_schema=False)  # some balancers ask so
    @routes.get("/health/live")
    async def live() -> ServerLive:
        """Whether it answers at all."""
        return ServerLive(live=True)

    @routes.head("/health/ready", include_in_schema=False)
    @routes.get("/health/ready")
    async def ready() -> ServerReady:
        """Whether the deployed model is loaded and warm."""
        return ServerReady(ready=bool(service.models()))


def _models(routes: APIRouter, service: Service, settings: ServeConfig) -> None:
    whole = WholeRuns()

    async def version_of(model: str) -> str:
        return await _version_of(model, service, settings, _named_fingerprint)

    async def version_if_ready(model: str) -> str:
        return await _version_of(model, service, settings, whole.fingerprint)

    @routes.get("/models/{model}")
    async def metadata(model: str) -> ModelMetadata:
        """What a model takes and gives."""
        return _metadata(model, await version_of(model))

    @routes.get("/models/{model}/versions/{version}")
    async def metadata_of_version(model: str, version: str) -> ModelMetadata:
        """The same, if the model has this version."""
        check_version(version, model, await version_of(model))
        return _metadata(model, version)

    @routes.get("/models/{model}/ready")
    async def ready(model: str) -> ModelReady:
        """Whether a model can be asked: the deployed one, or a whole one, loaded when asked."""
        await version_if_ready(model)
        return ModelReady(name=model, ready=True)

    @routes.get("/models/{model}/versions/{version}/ready")
    async def version_ready(model: str, version: str) -> ModelReady:
        """The same, if the model has this version."""
        check_version(version, model, await version_if_ready(model))
        return ModelReady(name=model, ready=True)


def _infer(routes: APIRouter, service: Service, settings: ServeConfig) -> None:
    answers: dict[int | str, dict[str, Any]] = {
        200: {"model": InferenceResponse, "content": {BINARY: {}}}
    }
    taken = described(InferenceRequest, BINARY)

    async def answer(request: Request, model: str, version: str | None) -> Response:
        check_encoding(request)
        header = request.headers.get(HEADER)
        read = partial(read_request, await request.body(), header, settings.max_products)
        asked = await in_thread_if_large(request, read)
        meant = await service.model(None if model == service.models()[0].name else model)
        if version is not None:
            check_version(version, model, meant.card.fingerprint)
        tagged = await meant.tag(asked.texts, top_k=1)
        count_reasons(asked.reasons.values())
        body, length = write_answer(asked, model, tagged)
        if length is None:
            return Response(body, media_type="application/json")
        return Response(body, headers={HEADER: str(length)}, media_type=BINARY)

    @routes.post("/models/{model}/infer", responses=answers, openapi_extra=taken)
    async def infer(model: str, request: Request) -> Response:
        """Tag names. JSON, or JSON and binary tensors with Inference-Header-Content-Length."""
        return await answer(request, model, None)

    @routes.post("/models/{model}/versions/{version}/infer", responses=answers, openapi_extra=taken)
    async def infer_version(model: str, version: str, request: Request) -> Response:
        """Tag names, if the model has this version."""
        return await answer(request, model, version)


async def _version_of(
    model: str, service: Service, settings: ServeConfig, read: Callable[[Run], str]
) -> str:
    """The fingerprint of a Run that can be asked, without loading it; `read` knows it of one that
    is not deployed.

    Raises:
        Problem: 404 the model is unknown, 409 it is damaged.
    """
    for card in service.models():
        if card.name == model:
            return card.fingerprint
    return await asyncio.to_thread(_read, model, settings, read)  # its files, and a folder of Runs


def _read(model: str, settings: ServeConfig, read: Callable[[Run], str]) -> str:
    run = find_run(model, settings.models_root)
    try:
        return read(run)
    except (ShelftagError, OSError) as error:
        raise Problem(HTTPStatus.CONFLICT, f"model {model!r} cannot be used: {error}") from None


def _named_fingerprint(run: Run) -> str:
    return run.manifest().fingerprint


def _metadata(model: str, version: str) -> ModelMetadata:
    return ModelMetadata(
        name=model,
        versions=[version],
        platform="pytorch_peft",
        inputs=_tensors(INPUTS),
        outputs=_tensors(OUTPUTS),
    )


def _tensors(datatypes: dict[str, str]) -> list[TensorMetadata]:
    return [TensorMetadata(name=n, datatype=d, shape=[-1]) for n, d in datatypes.items()]

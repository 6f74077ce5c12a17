"""Tagging products: some at a time, or one for a quick look.

request -> products --good--> texts -> Service.tag --> tags   --> response
                    '--bad---------------------------> errors --'
"""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from serve.bodies import check_count, described, in_thread_if_large, read_body
from serve.metrics.measured import count_reasons
from serve.products import read_products
from serve.schemas import ProductError, ProductId, TagRequest, TagResponse
from serve.service import Service, Tagged
from serve.written import written
from shelftag.config.serve import ServeConfig


def router(service: Service, settings: ServeConfig) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["tag"])

    @routes.post("/v1/tag", response_model=TagResponse, openapi_extra=described(TagRequest))
    async def tag(request: Request) -> Response:
        """Tag products. One that cannot be tagged is an error entry; the others get their tags."""
        asked = await read_body(request, TagRequest)
        check_count(len(asked.products), settings.max_products)
        read = partial(read_products, asked.products)
        texts, ids, errors = await in_thread_if_large(request, read)
        tagged = await service.tag(texts, top_k=asked.top_k, model=asked.model)
        return Response(response_body(tagged, ids, errors), media_type="application/json")

    @routes.get("/v1/tag", response_model=TagResponse)
    async def look(
        name: Annotated[str, Query(description="The product's name.")],
        description: str | None = None,
        top_k: Annotated[int | None, Query(ge=1)] = None,
        model: str | None = None,
    ) -> Response:
        """Tag one product, for a quick look."""
        texts, ids, errors = read_products([{"name": name, "description": description}])
        tagged = await service.tag(texts, top_k=top_k, model=model)
        return Response(response_body(tagged, ids, errors), media_type="application/json")

    return routes


def response_body(
    tagged: Tagged, ids: Sequence[ProductId], errors: Sequence[ProductError]
) -> bytes:
    """A `TagResponse` as JSON."""
    tags = ",".join(written(tagged, ids))
    refused = ",".join(error.model_dump_json() for error in errors)
    count_reasons(error.reason for error in errors)
    model = tagged.model.fingerprint
    return f'{{"model":"{model}","tags":[{tags}],"errors":[{refused}]}}'.encode()

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
from serve.schemas import ProductError, ProductId, TagRequest, TagResponse
from serve.service import Service, Tagged
from serve.written import written
from shelftag.config.serve import ServeConfig
from shelftag.tagging.products import BadProduct, checked_text, model_input


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


def read_products(
    products: Sequence[object],
) -> tuple[list[str], list[ProductId], list[ProductError]]:
    """Model inputs and ids of the products that can be tagged, and why the others cannot."""
    texts: list[str] = []
    ids: list[ProductId] = []
    errors: list[ProductError] = []
    for index, product in enumerate(products):
        identity: ProductId = None
        try:
            fields = _fields(product)
            identity = _identity(fields.get("id"))
            texts.append(model_input(fields.get("name"), fields.get("description")))
        except BadProduct as problem:
            errors.append(ProductError(index=index, id=identity, reason=str(problem)))
        else:
            ids.append(identity)
    return texts, ids, errors


def _fields(product: object) -> dict[str, object]:
    if isinstance(product, dict):
        return product
    raise BadProduct(f"a product is an object with a name, not {type(product).__name__}")


def _identity(value: object) -> ProductId:
    if isinstance(value, str):
        return checked_text(value, "id")
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise BadProduct("the id is no text or integer")

"""The HTTP routes: plain FastAPI over something that tags texts.

request -> products --good--> texts -> tagging --> tags   --> response
                    '--bad-------------------> errors --'
"""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import FastAPI, HTTPException

import shelftag
from serve.schemas import (
    Alternative,
    Health,
    ProductError,
    ProductId,
    TagOut,
    TagRequest,
    TagResponse,
)
from shelftag.tagging.products import BadProduct, checked_text, model_input
from shelftag.tagging.tagger import Tag

Tagging = Callable[[list[str], int], Awaitable[list[Tag]]]
"""(texts, top_k) -> a Tag for each."""


def api(tagging: Tagging, model: str, *, max_products: int, top_k: int) -> FastAPI:
    """The application; `model` is the Run's fingerprint, `top_k` what a request asks by default."""
    app = FastAPI(
        title="shelftag",
        version=shelftag.__version__,
        description="One calibrated department for every product.",
    )

    @app.post("/v1/tag")
    async def tag(request: TagRequest) -> TagResponse:
        """Tag products. One that cannot be tagged is an error entry; the others get their tags."""
        count = len(request.products)
        if count > max_products:
            limit = f"at most {max_products:,} products in one request (serve.max_products)"
            raise HTTPException(413, f"{count:,} products: {limit}")
        texts, ids, errors = read_products(request.products)
        tags = await tagging(texts, request.top_k or top_k) if texts else []
        return TagResponse(model=model, tags=written(ids, tags), errors=errors)

    @app.get("/healthz")
    async def healthz() -> Health:
        """Whether a copy of the model is loaded and answers."""
        return Health(status="ok", model=model)

    return app


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


def written(ids: Sequence[ProductId], tags: Sequence[Tag]) -> list[TagOut]:
    """Tags as they are sent."""
    return [
        TagOut(
            id=identity,
            department=tag.department,
            confidence=tag.confidence,
            status=tag.status,
            alternatives=[
                Alternative(department=name, confidence=confidence)
                for name, confidence in tag.alternatives
            ],
            candidates=list(tag.candidates),
        )
        for identity, tag in zip(ids, tags, strict=True)
    ]

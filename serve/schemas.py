"""What goes in and out over HTTP, as OpenAPI shows it at /docs."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

ProductId = str | int | None


class Product(BaseModel):
    """A product to tag."""

    id: ProductId = Field(default=None, description="Yours; it comes back with the tag.")
    name: str
    description: str | None = None


AnyProduct = Annotated[Any, WithJsonSchema(Product.model_json_schema())]
"""Shown as a Product, and taken as it comes: a bad one must not fail the others."""


class TagRequest(BaseModel):
    """Products to tag."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"products": [{"id": 1, "name": "Greek Yogurt"}]}]},
    )

    products: list[AnyProduct]
    top_k: int | None = Field(
        default=None, ge=1, description="Departments named: the tag, and top_k - 1 alternatives."
    )
    model: str | None = Field(
        default=None, description="Run to ask, by its name under the configured folder of Runs."
    )


class Alternative(BaseModel):
    """A less likely department."""

    department: str
    confidence: float


class TagOut(BaseModel):
    """One product's tag."""

    id: ProductId
    department: str
    confidence: float = Field(description="Calibrated probability that the department is right.")
    status: str = Field(description="`tagged`, or `review` when the confidence is too low.")
    alternatives: list[Alternative]
    candidates: list[str] = Field(
        description="Departments one of which is right, as often as the Run was calibrated for "
        "(`train.candidates_level`), likeliest first."
    )


class ProductError(BaseModel):
    """Why one product has no tag."""

    index: int = Field(description="Its place among the products, from 0.")
    id: ProductId
    reason: str


class TagResponse(BaseModel):
    """Tags in the order of the products, less those in `errors`."""

    model: str = Field(description="Fingerprint of the Run.")
    tags: list[TagOut]
    errors: list[ProductError]


class Health(BaseModel):
    """That it works, and with what."""

    status: str
    model: str = Field(description="Fingerprint of the Run.")
    problem: str | None = Field(
        default=None, description="Why the settings asked for last are not in force."
    )

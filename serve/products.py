"""Products as requests give them, whatever shape they have: texts for the model, or reasons."""

from collections.abc import Sequence

from serve.schemas import ProductError, ProductId
from shelftag.tagging.products import BadProduct, checked_text, model_input


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

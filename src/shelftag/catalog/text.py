"""The one function from a product to what a model reads.

It is the model input, the key for removing duplicates and the cache key at once, so two products
that read the same always get the same tag.
"""

import unicodedata


def text(name: str, description: str | None = None) -> str:
    """Normalise a product: NFKC, casefold, white space folded; a description follows a colon."""
    more = _fold(description) if description else ""
    return f"{_fold(name)} : {more}" if more else _fold(name)


def _fold(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())

"""Which products can be tagged: one rule for the bulk job and the endpoint."""

from shelftag.catalog.text import text

MAX_CHARACTERS = {"id": 1_000, "name": 1_000, "description": 20_000}
"""More is no name: a megabyte of it would hold the tokenizer, and everyone else, up."""

MAX_FOLDED = 40_000
"""Characters of what the model reads: NFKC writes some as eighteen, 20,000 of them as 360,000."""


class BadProduct(ValueError):
    """Why a product cannot be tagged."""


def model_input(name: object, description: object = None) -> str:
    """What the model reads of a product, from values of any type; bytes stand for broken UTF-8.

    Raises:
        BadProduct: the name is missing, blank, too long or no text, or the description is; or they
            are too long when they are folded.
    """
    if name is None:
        raise BadProduct("the name is missing")
    words = checked_text(name, "name")
    if not words.strip():
        raise BadProduct("the name is blank")
    more = None if description is None else checked_text(description, "description")
    if len(folded := text(words, more)) > MAX_FOLDED:
        raise BadProduct(f"the folded text has more than {MAX_FOLDED:,} characters")
    return folded


def checked_text(value: object, what: str) -> str:
    """The value as text that can be stored; `what` names it in the reason.

    Raises:
        BadProduct: it is something else, has no UTF-8, or is too long.
    """
    if not isinstance(value, str | bytes):
        raise BadProduct(f"the {what} is not text ({type(value).__name__})")
    try:  # a lone surrogate, as JSON may hold, has no UTF-8 either
        words = value.decode() if isinstance(value, bytes) else value.encode().decode()
    except UnicodeError:
        raise BadProduct(f"the {what} is not UTF-8") from None
    if len(words) > MAX_CHARACTERS[what]:
        raise BadProduct(f"the {what} has more than {MAX_CHARACTERS[what]:,} characters")
    return words

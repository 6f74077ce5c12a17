"""Which products can be tagged: one rule for the bulk job and the endpoint."""

import re
import unicodedata

from shelftag.catalog.text import text

MAX_CHARACTERS = {"id": 1_000, "name": 1_000, "description": 20_000}
"""More is no name: a megabyte of it would hold the tokenizer, and everyone else, up."""
MAX_MARKS = 30
"""Combining marks in a row, as in Unicode's stream-safe format
(https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format). Normalizing sorts such a run by
insertion: 20,000 of them took 1.2 seconds on one core, in which nothing else of the process ran."""
# What may be a mark, found fast: neither letter nor digit nor space nor ASCII, and the two that
# Unicode counts as letters although they decompose to marks.
_MAYBE_MARKS = re.compile(rf"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){{{MAX_MARKS + 1},}}")

MAX_FOLDED = 40_000
"""Characters of what the model reads: NFKC writes some as eighteen, 20,000 of them as 360,000."""


class BadProduct(ValueError):
    """Why a product cannot be tagged."""


def model_input(name: object, description: object = None) -> str:
    """What the model reads of a product, from values of any type; bytes stand for broken UTF-8.

    Raises:
        BadProduct: the name is missing, blank, too long or no text, or the description is; one of
            them has too many combining marks in a row; or they are too long when they are folded.
    """
    if name is None:
        raise BadProduct("the name is missing")
    words = _normalizable(name, "name")
    if not words.strip():
        raise BadProduct("the name is blank")
    more = None if description is None else _normalizable(description, "description")
    if len(folded := text(words, more)) > MAX_FOLDED:
        raise BadProduct(f"the folded text has more than {MAX_FOLDED:,} characters")
    return folded


def _normalizable(value: object, what: str) -> str:
    words = checked_text(value, what)
    if any(_most_marks(run[0]) > MAX_MARKS for run in _MAYBE_MARKS.finditer(words)):
        raise BadProduct(f"the {what} has more than {MAX_MARKS} combining marks in a row")
    return words


def _most_marks(run: str) -> int:
    """The longest row of characters that are, decomposed, nothing but combining marks."""
    most = row = 0
    for character in run:
        decomposed = unicodedata.normalize("NFKD", character)
        row = row + 1 if all(map(unicodedata.combining, decomposed)) else 0
        most = max(most, row)
    return most


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

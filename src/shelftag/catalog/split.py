"""The split, a pure function of a name: the same on every machine, for ever.

"Greek Yogurt Vanilla" and "Vanilla Greek Yogurt" are one product under two ids. Split by row or
by id, one of them lands in train and the other in test, and the score flatters. Split by token
set, they stay together.
"""

import re
import unicodedata
from fractions import Fraction
from functools import cache
from hashlib import blake2b
from math import ceil
from typing import Literal, NamedTuple

from shelftag.catalog.text import text

Split = Literal["train", "valid", "test", "unlabelled"]

_TOKEN = re.compile(r"[^\W_]+")  # runs of letters and digits, of any script


class Shares(NamedTuple):
    """Shares of train and valid, in (0, 1); test is the rest."""

    train: float = 0.8
    valid: float = 0.1


SHARES = Shares()


def words(name: str) -> list[str]:
    """NFKC, casefold, runs of letters and digits, in the name's order."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", name).casefold())


def token_set(name: str) -> str:
    """The words of a name, sorted, unique, joined by one space."""
    return " ".join(sorted(set(words(name))))


def token_key(name: str) -> str:
    """The token set of a name; one without letters or digits is its own key."""
    return token_set(name) or text(name)


def split_of(key: str, shares: Shares = SHARES) -> Split:
    """Train, valid or test: BLAKE2b-64 of the key over 2**64 is below 0.8, below 0.9, or not."""
    point = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
    train_below, valid_below = thresholds(shares)
    if point < train_below:
        return "train"
    return "valid" if point < valid_below else "test"


@cache
def thresholds(shares: Shares) -> tuple[int, int]:
    """The first 64-bit points past train and past valid.

    The sum is that of the decimals as they are written: as floats, 0.7 + 0.1 is below 0.8.
    """
    train, valid = (Fraction(str(share)) for share in shares)
    return ceil(train * 2**64), ceil((train + valid) * 2**64)

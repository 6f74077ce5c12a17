"""A seeded sample of a catalog's products, by name.

names --seeded order--> those with a name, and of the test split --> up to `rows` positions
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.catalog.split import Shares, split_of, token_key

NAMES_PER_STEP = 2_048
"""Names read between two looks whether there are enough."""


def draw(
    names: pa.ChunkedArray, rows: int, shares: Shares | None, seed: int
) -> tuple[NDArray[np.int64], int]:
    """Positions of at most `rows` products, in order, and how many had no name on the way.

    With the shares of a token-set split, only names that it puts into test are drawn.
    """
    order = np.random.default_rng(seed).permutation(len(names))
    found: list[int] = []
    nameless = 0
    for start in range(0, len(order), NAMES_PER_STEP):
        some = order[start : start + NAMES_PER_STEP]
        for place, name in zip(some.tolist(), texts(names.take(pa.array(some))), strict=True):
            nameless += not name.strip()
            if name.strip() and _may_be_drawn(name, shares) and len(found) < rows:
                found.append(place)
        if len(found) == rows:
            break
    return np.array(sorted(found), np.int64), nameless


def _may_be_drawn(name: str, shares: Shares | None) -> bool:
    return shares is None or split_of(token_key(name), shares) == "test"


def texts(column: pa.ChunkedArray) -> list[str]:
    """Values as text; null is empty, and broken UTF-8 is mended, as the Tagger refuses it later."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    raw = column.cast(pa.large_binary()).to_pylist()
    return ["" if value is None else value.decode(errors="replace") for value in raw]

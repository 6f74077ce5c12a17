"""The names of products, numbered by how alike they are."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.catalog.split import words
from shelftag.catalog.text import text


class NameKeys(NamedTuple):
    """Of n names: equal numbers for equal keys, [n] each. Each key follows from the one before."""

    exact: NDArray[np.int64]
    """The name itself."""
    spelling: NDArray[np.int64]
    """But for case, punctuation and white space: the words, joined by one space."""
    token_set: NDArray[np.int64]
    """The words, in any order: what the `token_set` split goes by."""
    spellings: list[str]
    """The text of each `spelling`."""


def name_keys(names: Sequence[str]) -> NameKeys:
    """The keys of n names. One without letters or digits is kept as `catalog.text` reads it."""
    found = [words(name) or [text(name)] for name in names]
    spelling = _encoded([" ".join(one) for one in found])
    token_set = _encoded([" ".join(sorted(set(one))) for one in found])
    return NameKeys(
        exact=numbers(_encoded(names)),
        spelling=numbers(spelling),
        token_set=numbers(token_set),
        spellings=spelling.dictionary.to_pylist(),
    )


def _encoded(texts: Sequence[str]) -> pa.DictionaryArray:
    return pa.array(texts, pa.large_string()).dictionary_encode()


def numbers(encoded: pa.DictionaryArray) -> NDArray[np.int64]:
    """Where the dictionary has each value."""
    found: NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    return found

"""What speaks against a product's label: its like, filed elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.split import token_key
from shelftag.model.nearest import nearest


@dataclass(frozen=True)
class Twin:
    """A product of another department."""

    row: int | None
    """Its position among the labelled products; None where no name is near."""
    similarity: float
    """Cosine, 0 to 1; 1 for the same words."""
    same_words: bool


def find_twins(
    names: Sequence[str],
    texts: Sequence[str],
    labels: NDArray[np.int64],
    rows: NDArray[np.int64],
    vectorizers: Mapping[str, Any],
    seed: int,
) -> list[Twin]:
    """For each of some rows a product of the same words under another label, or the nearest name.

    The same words are looked for everywhere, near names as far as `model.nearest` goes.

    Args:
        names, texts, labels: of all labelled products, [n].
        rows: those whose twins are looked for, [m].
    """
    asked = [texts[row] for row in rows]
    near = nearest(vectorizers, asked, texts, k=1, seed=seed, apart=(labels[rows], labels))
    found = zip(near.positions[:, 0].tolist(), near.similarities[:, 0].tolist(), strict=True)
    return [
        Twin(None if row < 0 else row, similarity, same_words=False)
        if same is None
        else Twin(same, 1.0, same_words=True)
        for same, (row, similarity) in zip(_same_words(names, labels, rows), found, strict=True)
    ]


def _same_words(
    names: Sequence[str], labels: NDArray[np.int64], rows: NDArray[np.int64]
) -> list[int | None]:
    """The first product with the words of each row's under another label, [m]."""
    keys = [token_key(name) for name in names]
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        alike[key].append(row)
    return [
        next((other for other in alike[keys[row]] if labels[other] != labels[row]), None)
        for row in rows
    ]

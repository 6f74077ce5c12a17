"""Two baselines that understand nothing: the commonest department, and looking a name up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.errors import InputError


@dataclass(frozen=True)
class NameLookup:
    """A dictionary of the names that were learned."""

    departments: dict[str, int]
    """Name as `catalog.text` gives it -> position of its commonest department, by purchases."""
    majority: int
    """Position of the department with the most products: the answer to an unknown name."""

    def find(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Positions [n]; -1 for a name that is not known."""
        return np.array([self.departments.get(text, -1) for text in texts], np.int64)

    def predict(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Positions [n]."""
        found = self.find(texts)
        return np.where(found < 0, self.majority, found)


def learn_names(
    texts: Sequence[str], labels: NDArray[np.int64], purchases: NDArray[np.int64]
) -> NameLookup:
    """Remember n train products; of equally common departments, the first in the label set.

    Raises:
        InputError: there are none.
    """
    if not len(labels):
        raise InputError("the train split has 0 products", "prepare more products")
    counts: dict[str, Counter[int]] = {}
    for text, label, bought in zip(texts, labels.tolist(), purchases.tolist(), strict=True):
        counts.setdefault(text, Counter())[label] += max(bought, 1)
    commonest = {
        text: min(each, key=lambda label: (-each[label], label)) for text, each in counts.items()
    }
    return NameLookup(commonest, int(np.bincount(labels).argmax()))

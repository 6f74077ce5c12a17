"""The cheapest means that will do: names that are known, then a linear model, then the Llama.

    text --known?--> its department
       '--> linear --margin wide?--> its department
                        '--> Tagger

FrugalGPT calls this an LLM cascade (Chen et al. 2023, https://arxiv.org/abs/2305.05176).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.selective import lead
from shelftag.model.linear import LinearModel
from shelftag.model.lookup import NameLookup

Choose = Callable[[Sequence[str]], NDArray[np.int64]]
"""Texts -> positions of departments, [n]."""


@dataclass(frozen=True)
class Cascade:
    """Three means, each asked only for what the ones before it leave."""

    lookup: NameLookup
    linear: LinearModel
    floor: float
    """The linear model's margin over its second choice, from which its choice is taken."""
    last: Choose

    def predict(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Positions [n]."""
        chosen, unsure = self.cheaply(texts)
        if len(unsure):
            chosen[unsure] = self.last([texts[row] for row in unsure.tolist()])
        return chosen

    def cheaply(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Choices without the last means, [n], and the rows it has to decide."""
        chosen = self.lookup.find(texts)
        unknown = np.flatnonzero(chosen < 0)
        if not len(unknown):
            return chosen, unknown
        margins = self.linear.decision([texts[row] for row in unknown.tolist()])
        chosen[unknown] = margins.argmax(axis=1)
        return chosen, unknown[lead(margins) < self.floor]


def fit_floor(
    leads: NDArray[np.float32], linear_right: NDArray[np.bool_], last_right: NDArray[np.bool_]
) -> float:
    """The smallest floor at which the cascade is right as often as its last means alone.

    Args:
        leads: the linear model's leads on n products neither learned from.
        linear_right: whether its choice is right, [n].
        last_right: whether the last means' choice is right, [n].
    """
    order = np.argsort(-leads, kind="stable")
    gained = np.cumsum(linear_right[order].astype(int) - last_right[order])
    ends = np.append(leads[order][1:] < leads[order][:-1], True)  # those of one lead go together
    free = np.flatnonzero(ends & (gained >= 0))
    return float(leads[order][free[-1]]) if len(free) else float("inf")

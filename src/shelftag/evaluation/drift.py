"""How tagged products differ from the test products of the Run that tagged them.

reference, now --departments, confidence, words not learned--> PSI, for all and feed by feed
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.split import words
from shelftag.evaluation.drift_outcome import FeedDrift, Shares
from shelftag.evaluation.stability import stability

DEPARTMENTS, CONFIDENCE, UNSEEN = "departments", "confidence", "words not learned"

ALL = "all"
"""The feed that is all of them together."""

FEW_WORDS = 2
"""A name of at most so many words says little."""

NEW = "new departments"
"""Those that were added after training: one bin, empty in the reference."""

UNSEEN_BINS = ("none", "1", "2", "3 or more")


@dataclass(frozen=True)
class Tagged:
    """n products and their tags."""

    names: NDArray[np.object_]
    departments: NDArray[np.object_]
    confidence: NDArray[np.float32]
    review: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.names)

    def at(self, rows: NDArray[np.bool_]) -> "Tagged":
        """Those of a mask [n]."""
        return Tagged(
            self.names[rows], self.departments[rows], self.confidence[rows], self.review[rows]
        )


class Learned(NamedTuple):
    """What the Run knows."""

    labels: tuple[str, ...]
    vocabulary: frozenset[str]
    """Words of its training products."""


def measure_feeds(
    reference: Tagged,
    now: Tagged,
    feeds: NDArray[np.object_] | None,
    learned: Learned,
    max_psi: float,
    seed: int,
) -> tuple[FeedDrift, ...]:
    """All products first, then each feed of them by name, where `feeds` [n] says which."""
    edges = decile_edges(reference.confidence)
    before, bins = counts(reference, edges, learned), bin_names(edges, learned)

    def measured(feed: str, products: Tagged) -> FeedDrift:
        after = counts(products, edges, learned)
        return FeedDrift(
            feed=feed,
            rows=len(products),
            shares=shares_of(products, learned.vocabulary),
            measures=tuple(
                stability(measure, bins[measure], before[measure], after[measure], max_psi, seed)
                for measure in bins
            ),
        )

    whole = measured(ALL, now)
    if feeds is None:
        return (whole,)
    return whole, *(measured(one, now.at(feeds == one)) for one in sorted(set(feeds)))


def decile_edges(confidence: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where the tenths of the reference end; fewer than nine where many are alike when written."""
    edges = np.quantile(confidence.astype(np.float64), np.arange(1, 10) / 10)
    _, first = np.unique([_written(edge) for edge in edges], return_index=True)
    return np.asarray(edges[first], np.float64)


def _written(edge: float) -> str:
    return f"{edge:.3f}"


def bin_names(edges: NDArray[np.float64], learned: Learned) -> dict[str, tuple[str, ...]]:
    """Measure -> how its bins are called."""
    first, *_ = written = [_written(edge) for edge in edges]
    tenths = (f"below {first}", *(f"from {edge}" for edge in written))
    return {DEPARTMENTS: (*learned.labels, NEW), CONFIDENCE: tenths, UNSEEN: UNSEEN_BINS}


def counts(
    products: Tagged, edges: NDArray[np.float64], learned: Learned
) -> dict[str, NDArray[np.int64]]:
    """Measure -> products in each of its bins."""
    places = {name: place for place, name in enumerate(learned.labels)}
    departments = np.array(
        [places.get(name, len(places)) for name in products.departments], np.int64
    )
    tenths = np.searchsorted(edges, products.confidence.astype(np.float64), side="right")
    unseen, _ = unseen_words(products.names.tolist(), learned.vocabulary)
    last = len(UNSEEN_BINS) - 1
    return {
        DEPARTMENTS: np.bincount(departments, minlength=len(places) + 1),
        CONFIDENCE: np.bincount(tenths, minlength=len(edges) + 1),
        UNSEEN: np.bincount(np.minimum(unseen, last), minlength=last + 1),
    }


def unseen_words(
    names: Sequence[str], vocabulary: frozenset[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words of each name that are not in the vocabulary, and all its words, [n] each.

    Words of one character are passed over, as they are by what makes the vocabulary.
    """
    found = [[word for word in words(name) if len(word) > 1] for name in names]
    unseen = [sum(word not in vocabulary for word in one) for one in found]
    return np.array(unseen, np.int64), np.array([len(one) for one in found], np.int64)


def shares_of(products: Tagged, vocabulary: frozenset[str]) -> Shares:
    """What is said of products, at least one."""
    unseen, all_words = unseen_words(products.names.tolist(), vocabulary)
    few = [len(words(name)) <= FEW_WORDS for name in products.names]
    return Shares(
        unseen_words=float(unseen.sum() / all_words.sum()) if all_words.any() else None,
        few_words=float(np.mean(few)),
        review=float(products.review.mean()),
        confidence=float(products.confidence.mean(dtype=np.float64)),
    )

"""Many cheap linear models over the same products: their terms are counted once.

    texts to learn from --terms, and how rare each is--.
    texts, all n ----------------------------------TF-IDF, once--> features [n, terms]
    features --rows labelled--> machine --> margins of all n

A proxy for the linear baseline, at less than half its time: fewer lengths of letters, terms of
one product left out, a looser tolerance. On the real catalog it is as good (README, results).

However few rows are labelled, the terms are those of all texts to learn from: names are known
before labels are, in a catalog that is not labelled yet. Of test texts nothing is known.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.errors import InputError
from shelftag.model.linear import fit_margins

MIN_PRODUCTS = 2
LETTERS = (3, 4)
TOLERANCE = 0.1

Learn = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""Rows whose labels are known -> margins of all products, [n, departments]."""


def linear_pool(
    texts: Sequence[str],
    labels: NDArray[np.int64],
    train: NDArray[np.int64],
    departments_count: int,
    seed: int,
) -> Learn:
    """What learns from rows of texts [n] of `catalog.text` and label positions [n].

    A department without labelled rows has margins of -inf. The terms are counted when it first
    learns, which raises InputError where nothing stands in two names.

    Args:
        train: rows that may be labelled; their terms are counted, labelled or not.
    """

    @cache
    def features() -> Any:
        return _features(texts, [texts[row] for row in train])

    def learn(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        coefficients, intercepts = fit_margins(
            features()[rows], labels[rows], departments_count, seed, tolerance=TOLERANCE
        )
        return np.asarray(features() @ coefficients + intercepts, np.float32)

    return learn


def _features(texts: Sequence[str], counted: Sequence[str]) -> Any:
    """A sparse float32 matrix [n, terms], its terms and their rareness those of other texts."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    shared = {"lowercase": False, "sublinear_tf": True, "min_df": MIN_PRODUCTS, "dtype": np.float32}
    words = TfidfVectorizer(analyzer="word", ngram_range=(1, 2), **shared)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=LETTERS, **shared)
    try:
        fitted = [one.fit(counted) for one in (words, letters)]
    except ValueError as error:
        problem = f"{len(counted)} product names have nothing to learn from ({error})"
        raise InputError(problem, "give names with words in them") from None
    return hstack([one.transform(texts) for one in fitted], format="csr")

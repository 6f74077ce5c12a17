"""What a model makes of each labelled product when it has not learned from it.

    texts --> TF-IDF --fold 1 of 5--> machine of the other four --> margins --.
                   '---fold 2 of 5--> ...                                     |
                                                   logistic regression <------'--> probabilities

Products of one group (names of the same words) share a fold: a machine that knows the twin would
repeat its label, right or wrong. Aisles are no part of it: one has one department, so a product
filed wrongly would bring its wrong aisle along.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.model.linear import features, fit_margins, fit_vectorizers
from shelftag.progress import Progress

FOLDS = 5

REGULARIZATION = 0.2
"""C of the machines, less than the linear baseline's: they must doubt the labels they learn. Of 3%
planted errors, 0.02 finds 90%, 0.05 92%, 0.1 and 0.2 93% (real catalog, seed 0 of the bench)."""

NO_MARGIN = -1.0
"""For a department that the other folds lack: where a machine puts what it is sure is not its."""


def out_of_fold(
    texts: Sequence[str],
    labels: NDArray[np.int64],
    groups: Sequence[str],
    departments_count: int,
    seed: int,
) -> NDArray[np.float64]:
    """Probabilities [n, departments] of texts [n] by machines that did not learn their group.

    Progress goes to stderr.

    Raises:
        InputError: there are no rows, or no words in them.
    """
    rows = features(fit_vectorizers(texts), texts)
    folds = fold_of(groups, seed)
    margins = np.full((len(texts), departments_count), NO_MARGIN)
    progress = Progress("learning without each fold", len(texts), "products")
    for fold in range(FOLDS):
        asked = folds == fold
        if asked.any() and not asked.all():
            margins[asked] = _margins(rows, labels, asked, departments_count, seed)
        progress.add(int(asked.sum()))
    return _probabilities(margins, labels, folds)


def fold_of(groups: Sequence[str], seed: int) -> NDArray[np.int64]:
    """The fold of each row, [n]: one for all rows of a group, each with as many groups."""
    names, group = np.unique(np.asarray(groups, object), return_inverse=True)
    folds: NDArray[np.int64] = np.random.default_rng(seed).permutation(len(names)) % FOLDS
    return folds[group]


def _margins(
    rows: Any,
    labels: NDArray[np.int64],
    asked: NDArray[np.bool_],
    departments_count: int,
    seed: int,
) -> NDArray[np.float64]:
    """Of the asked rows, by a machine that learned the others."""
    coefficients, intercepts = fit_margins(
        rows[~asked], labels[~asked], departments_count, seed, REGULARIZATION
    )
    margins = rows[asked] @ coefficients + intercepts
    return np.where(np.isfinite(margins), margins, NO_MARGIN)


def _probabilities(
    margins: NDArray[np.float64], labels: NDArray[np.int64], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Stacking (Wolpert 1992): which margins go with which label, as the other folds have it.

    On planted noise it finds more than a softmax with one temperature does. Who has nobody to
    learn from finds all departments alike.
    """
    likely = np.full(margins.shape, 1 / margins.shape[1])
    for fold in range(FOLDS):
        asked = folds == fold
        if asked.any() and not asked.all():
            likely[asked] = _stacked(margins[~asked], labels[~asked], margins[asked])
    return likely


def _stacked(
    margins: NDArray[np.float64], labels: NDArray[np.int64], asked: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probabilities of the asked margins by those whose labels are known."""
    from sklearn.linear_model import LogisticRegression

    present = np.unique(labels)
    likely = np.zeros_like(asked)
    if len(present) == 1:  # nothing to tell apart, which scikit-learn refuses
        likely[:, present] = 1.0
    else:
        stack = LogisticRegression(tol=1e-3, max_iter=300).fit(margins, labels)
        likely[:, present] = stack.predict_proba(asked)
    return likely

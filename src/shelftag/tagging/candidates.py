"""Sets of departments that hold the true one as often as was asked for.

Split conformal prediction: least ambiguous sets (Sadinle, Lei and Wasserman 2019,
https://arxiv.org/abs/1609.00451), by MAPIE. All departments of at least a certain probability are
in; that probability is found on products the model did not learn from. For products like those,
the chance is over all of them together, not within each department.
"""

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-8
"""MAPIE's: a probability so little under the bound still counts."""


def fit_bound(truths: NDArray[np.float64], level: float) -> float:
    """The probability from which a department is a candidate; 0 where rows are too few to tell.

    Args:
        truths: the probability of the true department of rows it was not fitted on, [n].
        level: the chance that the true department shall be in its set.
    """
    from mapie.conformity_scores import LACConformityScore

    if np.ceil((len(truths) + 1) * level) > len(truths):
        return 0.0
    score, first = LACConformityScore(), np.zeros(len(truths), np.int64)
    likely = np.stack([truths, 1 - truths], axis=1)  # MAPIE takes the column of each label
    wrong = score.get_conformity_scores(first, likely, y_enc=first)
    quantile = score.get_conformity_score_quantiles(wrong, np.array([1 - level]), cv="prefit")
    return float(1 - quantile[0])


def candidates_of(likely: NDArray[np.float32], bound: float) -> NDArray[np.bool_]:
    """Which departments are candidates, [n, departments]; the likeliest always is."""
    inside = likely.astype(np.float64) >= bound - TOLERANCE
    inside[np.arange(len(likely)), likely.argmax(axis=1)] = True
    return inside

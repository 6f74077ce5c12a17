"""Products that are likely filed wrongly: confident learning, by cleanlab.

Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_SHARE = 0.01
"""Of the labelled products, so many are looked at even where fewer are estimated, so that a person
has something to judge the list by."""


@dataclass(frozen=True)
class Suspects:
    """Products whose label is doubted, most doubtful first."""

    rows: NDArray[np.int64]
    """Positions among the products, [suspects]."""
    suggested: NDArray[np.int64]
    """The label each is likelier to have, [suspects]."""
    quality: NDArray[np.float64]
    """cleanlab's quality of the label it has, 0 to 1, [suspects]."""
    estimated: int
    """Wrong labels that cleanlab estimates there are; which ones they are, it does not say."""


def find_suspects(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64], examined: int | None = None
) -> Suspects:
    """Doubt labels [n] by out-of-fold probabilities [n, departments].

    Of the most doubtful labels those for which another is likelier.

    Args:
        examined: how many of the most doubtful are gone through; None for as many as cleanlab
            estimates to be wrong, and at least `MIN_SHARE`.
    """
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    suggested = probabilities.argmax(axis=1)
    estimated = estimate_wrong(labels, probabilities)
    ranked = np.argsort(quality, kind="stable")
    if examined is None:
        examined = max(estimated, round(MIN_SHARE * len(labels)))
    ranked = ranked[:examined]
    ranked = ranked[suggested[ranked] != labels[ranked]]
    return Suspects(ranked, suggested[ranked], quality[ranked], estimated)


def estimate_wrong(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> int:
    """cleanlab's estimate of how many labels are wrong; departments without a product are cut."""
    from cleanlab.count import num_label_issues

    present, dense = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return 0
    return int(num_label_issues(dense, probabilities[:, present]))

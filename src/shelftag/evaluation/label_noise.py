"""Products that are likely filed wrongly: confident learning, by cleanlab.

Northcutt, Jiang and Chuang 2021, https://arxiv.org/abs/1911.00068.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_SHARE = 0.06
"""Of the labelled products, so many are looked at even where fewer are estimated: what finds 93%
of 3% planted errors on the real catalog (README, results)."""


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


def find_suspects(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> Suspects:
    """Doubt labels [n] by out-of-fold probabilities [n, departments].

    As many as cleanlab estimates to be wrong, and at least `MIN_SHARE`, of those for which another
    label is likelier.
    """
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(labels, probabilities, method="self_confidence")
    suggested = probabilities.argmax(axis=1)
    estimated = estimate_wrong(labels, probabilities)
    ranked = np.argsort(quality, kind="stable")
    ranked = ranked[: max(estimated, round(MIN_SHARE * len(labels)))]
    ranked = ranked[suggested[ranked] != labels[ranked]]
    return Suspects(ranked, suggested[ranked], quality[ranked], estimated)


def estimate_wrong(labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> int:
    """cleanlab's estimate of how many labels are wrong; departments without a product are cut."""
    from cleanlab.count import num_label_issues

    present, dense = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return 0
    return int(num_label_issues(dense, probabilities[:, present]))

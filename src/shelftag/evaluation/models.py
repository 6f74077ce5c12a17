"""Every means of choosing a department, scored on the same products: one row each."""

import numpy as np
from numpy.typing import NDArray

from shelftag.evaluation.difference import Difference, paired_difference
from shelftag.evaluation.intervals import SEED, Interval, share_interval
from shelftag.evaluation.scope import Result, Scope
from shelftag.evaluation.scores import score_choices

MAJORITY, LOOKUP, LINEAR = "majority", "name lookup", "TF-IDF + linear"
CLOSED, FREE = "untuned base, closed set", "untuned base, asked freely"
ALONE, CASCADE, OURS = "its Llama alone", "cascade", "this Run"

ABOUT = {
    MAJORITY: "always the department with the most products",
    LOOKUP: "a dictionary of the train names; the majority for a name that is not in it",
    LINEAR: "the baseline: words and letters, TF-IDF, a linear support vector machine",
    CLOSED: "zero-shot: the likeliest of the departments after an instruction prompt",
    FREE: "zero-shot: right where the answer names the one department and no other",
    ALONE: "this Run without the linear model that helps it",
    CASCADE: "name lookup, then the linear model, then this Run where that one is not sure",
    OURS: "the tagger as tag and serve run it",
}
"""What each one is; the report's order."""

TRAINED = (ALONE, CASCADE, OURS)
"""Those that have to be better than the linear baseline."""


class Cost(Result):
    """What a model takes on the machine it was measured on, in a process of its own."""

    names: int
    """Names timed."""
    names_per_s: float
    peak_bytes: int
    """The most memory of the process: of the GPU where it uses one."""
    hours_per_million: float
    per_million: float
    """For a million names, at the price of an hour; loading is not counted."""


class ModelRow(Result):
    """One model on the test split."""

    model: str
    rows: int
    """Products scored: all, or a seeded sample."""
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float | None
    """None for free answers, which may name no department."""
    macro_f1_interval: Interval | None
    purchase_accuracy: float | None
    purchase_interval: Interval | None
    train_accuracy: float | None
    """None where it was not asked for train products."""
    difference: Difference | None
    """Accuracy less the linear baseline's, on the same products; None for the baseline itself."""
    reaches_llama: float | None = None
    """Share of the products that are left to the Llama; None where it is not a cascade."""
    cost: Cost | None = None

    @property
    def outcome(self) -> str | None:
        """Against the linear baseline, as far as the 95% interval can tell."""
        if self.difference is None:
            return None
        if self.difference.low > 0:
            return "better"
        return "worse" if self.difference.high < 0 else "even"


def model_row(
    model: str,
    chosen: NDArray[np.int64],
    linear: NDArray[np.int64],
    labels: NDArray[np.int64],
    purchases: NDArray[np.int64],
    scope: Scope,
    **rest: Result | float | None,
) -> ModelRow:
    """Score positions chosen for n test products, -1 where an answer names no department.

    Args:
        linear: the linear baseline's choices, [n].
        labels: the departments they are filed under, [n].
        purchases: order lines each stands in, [n].
        rest: further fields of the row.

    Raises:
        InputError: there are no products.
    """
    correct = chosen == labels
    is_baseline = model == LINEAR
    common = {
        "model": model,
        "rows": len(labels),
        "train_accuracy": None,
        "difference": None if is_baseline else paired_difference(correct, linear == labels, SEED),
        **rest,
    }
    if (chosen < 0).any():
        return ModelRow(
            accuracy=float(correct.mean()),
            accuracy_interval=share_interval(correct),
            macro_f1=None,
            macro_f1_interval=None,
            purchase_accuracy=None,
            purchase_interval=None,
            **common,
        )
    scores = score_choices(chosen, labels, purchases, scope)
    return ModelRow(
        accuracy=scores.accuracy,
        accuracy_interval=scores.intervals.accuracy,
        macro_f1=scores.macro_f1,
        macro_f1_interval=scores.intervals.macro_f1,
        purchase_accuracy=scores.purchase_accuracy,
        purchase_interval=scores.intervals.purchase_accuracy,
        **common,
    )


def cost_of(names: int, seconds: float, peak_bytes: int, price_per_hour: float) -> Cost:
    """Turn a timing into what a million names take."""
    hours = seconds / names * 1e6 / 3600
    return Cost(
        names=names,
        names_per_s=names / seconds,
        peak_bytes=peak_bytes,
        hours_per_million=hours,
        per_million=hours * price_per_hour,
    )

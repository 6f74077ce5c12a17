"""Departments added after training: to a generating Run they are names it may answer with.

Nothing was learned or calibrated for them, so that their tags are always for review.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.errors import ConfigError
from shelftag.model.base import InferenceForm
from shelftag.tagging.scaling import Scaling, probabilities


def extended(departments: Departments, new: Sequence[str], form: InferenceForm) -> Departments:
    """The departments of a Run and the new ones behind them.

    Raises:
        ConfigError: the Run chooses by a head, or has such a department already.
    """
    if not new:
        return departments
    named = f"config tagging.new_departments = {list(new)} breaks the rule:"
    if form.objective != "generate":
        raise ConfigError(
            f"{named} this Run's objective is {form.objective}, whose head has a place for each "
            "department it was trained on and no other",
            "train with train.objective=generate, or on products of the new departments",
        )
    if known := [name for name in new if name in departments.index]:
        raise ConfigError(f"{named} the Run has {known} already", "leave them out")
    return Departments((*departments.names, *new))


def with_new(
    logits: NDArray[np.float32], scaling: Scaling, new: Sequence[int]
) -> NDArray[np.float32]:
    """Probabilities [n, departments] of which the last, `new`, are not calibrated.

    They take what one temperature gives them; the others share the rest as if they were alone.
    """
    if not new:
        return probabilities(logits, scaling)
    first = min(new)
    plain = probabilities(logits, Scaling(temperature=scaling.temperature))[:, first:]
    known = probabilities(logits[:, :first], scaling)
    return np.hstack([known * (1 - plain.sum(axis=1, keepdims=True)), plain])

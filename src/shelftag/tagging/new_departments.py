"""Departments added after training: to a generating Run they are names it may answer with.

Nothing was learned or calibrated for them, so that their tags are always for review.
"""

from collections.abc import Sequence

from shelftag.catalog.departments import Departments
from shelftag.errors import ConfigError
from shelftag.model.base import InferenceForm


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

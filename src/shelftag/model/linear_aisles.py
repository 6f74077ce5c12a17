"""The linear model over aisles: a department's margin is the widest of its aisles'.

A department is many things ("snacks" is nuts and popcorn), each easier to tell by its words than
all of them together: on the real catalog this alone is worth half a point over the linear model
of departments (README, results). Where products have no aisles, both are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import read_json, write_json
from shelftag.errors import ArtifactError
from shelftag.model.linear import LinearModel, fit_linear

MAX_AISLES = 500
"""One machine is fitted for each: with more, departments are taken."""

MIN_PRODUCTS = 2
"""Terms of fewer products are left out, which halves the weights to keep."""


@dataclass(frozen=True)
class AisleModel:
    """A linear model whose labels are aisles, read as departments."""

    linear: LinearModel
    department_of: NDArray[np.int64]
    """Position of the department of each aisle."""
    departments_count: int

    def decision(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Margins [n, departments]; -inf for a department that had no training rows."""
        margins = self.linear.decision(texts)
        widest = np.full((len(texts), self.departments_count), -np.inf, np.float32)
        present, starts = np.unique(self.department_of, return_index=True)  # sorted, by fit_aisles
        widest[:, present] = np.maximum.reduceat(margins, starts, axis=1)
        return widest

    def save(self, folder: Path) -> None:
        """Write the linear model and departments.json."""
        self.linear.save(folder)
        departments = {
            "department_of": self.department_of.tolist(),
            "departments_count": self.departments_count,
        }
        write_json(folder / "departments.json", departments)

    @classmethod
    def load(cls, folder: Path) -> "AisleModel":
        """Read what `save` wrote.

        Raises:
            ArtifactError: a file is missing or broken.
        """
        stored, linear = read_json(folder / "departments.json"), LinearModel.load(folder)
        department_of = np.array(stored.get("department_of", []), np.int64)
        if len(department_of) != len(linear.intercepts):
            problem = f"{folder} has {len(linear.intercepts)} aisles, {len(department_of)} placed"
            raise ArtifactError(problem, "take the folder as `train` left it")
        return cls(linear, department_of, int(stored["departments_count"]))


def fit_aisles(
    texts: Sequence[str],
    labels: NDArray[np.int64],
    aisles: NDArray[np.int64],
    departments_count: int,
    seed: int,
) -> AisleModel:
    """Fit on texts [n], departments [n] and aisles [n] (-1: none).

    An aisle of two departments counts as two, one in each.

    Raises:
        InputError: there are no rows, or no words in them.
    """
    pairs = np.stack([labels, aisles], axis=1)
    found, fine = np.unique(pairs, axis=0, return_inverse=True)
    if len(found) > MAX_AISLES:
        found, fine = np.unique(pairs[:, :1], axis=0, return_inverse=True)
    linear = fit_linear(texts, fine.ravel(), len(found), seed, min_products=MIN_PRODUCTS)
    return AisleModel(linear, found[:, 0], departments_count)

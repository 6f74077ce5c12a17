"""What a training step learns: the two objectives behind one shape."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.training.examples import Examples


class Objective(Protocol):
    """Turns examples into batches, and a base into what learns from them."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each example, [n]."""
        ...

    def batch(self, rows: NDArray[np.int64], position: int) -> dict[str, Any]:
        """Tensors of some examples; `position` in the batch order seeds what is random in it."""
        ...

    def model(self) -> Any:
        """The base with its adapter, ready to train."""
        ...

    def trainer(self, **arguments: Any) -> Any:
        """A transformers Trainer with this objective's loss; it gets its batches elsewhere."""
        ...


def objective_of(
    config: Config, base: str, departments: Departments, examples: Examples
) -> Objective:
    """The one that `train.objective` names."""
    from shelftag.training.classify import Classify
    from shelftag.training.generate import Generate

    if config.train.objective == "generate":
        return Generate(config, base, departments, examples)
    return Classify(config, base, departments, examples)

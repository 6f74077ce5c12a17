"""What `evaluate` finds out about a Run: the whole of scores.json."""

from typing import Literal

from shelftag.evaluation.difference import Difference
from shelftag.evaluation.free_generation import FreeGeneration
from shelftag.evaluation.scope import Result
from shelftag.evaluation.scores import Scores
from shelftag.evaluation.trust import Trust


class TrainTest(Result):
    """One model on products it learned from, and on products it did not."""

    train: Scores
    test: Scores

    @property
    def gap(self) -> float:
        """Train accuracy less test accuracy: what was learned by heart."""
        return self.train.accuracy - self.test.accuracy


class Disagreement(Result):
    """A product that the model would file elsewhere."""

    name: str
    filed_under: str
    chosen: str
    confidence: float


class Evaluation(Result):
    """A Run and the linear baseline on the Run's own Dataset."""

    version: int = 1
    shelftag: str
    """Version of shelftag that scored."""
    run: str
    """Fingerprint of the Run."""
    dataset: str
    """Fingerprint of the Dataset it learned from and was scored on."""
    base: str
    """What was fine-tuned."""
    labels: tuple[str, ...]
    labels_count: int
    unlabelled: tuple[str, ...]
    """Departments of the catalog that were not learned."""
    split_protocol: str
    rows_scored: dict[str, int]
    """Split -> products."""
    model: TrainTest
    linear: TrainTest
    difference: Difference
    """Test accuracy of the model less the linear baseline's."""
    disagreements: tuple[Disagreement, ...]
    """Test products the model is surest to find misfiled: its mistakes, or the catalog's."""
    trust: Trust | None = None
    """What its confidences are worth on the test products."""
    free_generation: FreeGeneration | None = None
    """What the model and its base answer when not held to the departments (generate)."""

    @property
    def outcome(self) -> Literal["better", "even", "worse"]:
        """Against the linear baseline, as far as the 95% interval can tell."""
        if self.difference.low > 0:
            return "better"
        return "worse" if self.difference.high < 0 else "even"

    @property
    def verdict(self) -> str:
        """One line: is it better than the linear baseline, and by how much."""
        opening = {
            "better": "Better than the linear baseline",
            "even": "Not better than the linear baseline, as far as these products can tell",
            "worse": "Not better than the linear baseline, but worse",
        }[self.outcome]
        gap = self.difference
        return (
            f"{opening}: test accuracy {self.model.test.accuracy:.1%} against "
            f"{self.linear.test.accuracy:.1%}, a difference of {100 * gap.accuracy:+.1f} points "
            f"(95% interval {100 * gap.low:+.1f} to {100 * gap.high:+.1f})."
        )

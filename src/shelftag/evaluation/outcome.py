"""What `evaluate` finds out about a Run: the whole of scores.json."""

from typing import Literal

from shelftag.evaluation.catalog_work import CatalogWork
from shelftag.evaluation.difference import Difference
from shelftag.evaluation.free_generation import FreeGeneration
from shelftag.evaluation.learning import Learning
from shelftag.evaluation.models import OURS, TRAINED, ModelRow
from shelftag.evaluation.scope import Result
from shelftag.evaluation.scores import Scores
from shelftag.evaluation.slices import Slice
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
    models: tuple[ModelRow, ...] = ()
    """Every means of choosing, on the test split."""
    slices: tuple[Slice, ...] = ()
    """Kinds of test products, the worst first."""
    disagreements: tuple[Disagreement, ...]
    """Test products the model is surest to find misfiled: its mistakes, or the catalog's."""
    trust: Trust | None = None
    """What its confidences are worth on the test products."""
    free_generation: FreeGeneration | None = None
    """What the model and its base answer when not held to the departments (generate)."""
    learning: Learning | None = None
    """What more labels would bring, and in which order to ask for them."""
    catalog: CatalogWork | None = None
    """Products without a department, and labels in doubt."""
    corrected: int = 0
    """Labels of this Dataset that people have corrected (`prepare --overrides`)."""
    not_its_own: bool = False
    """The Run did not learn from this Dataset: what it did learn from may be among these rows."""

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
            f"(95% interval {100 * gap.low:+.1f} to {100 * gap.high:+.1f}).{self._others}"
            f"{self._caveat}"
        )

    @property
    def _others(self) -> str:
        """What else was made here and is not better than the linear baseline."""
        rows = [row for row in self.models if row.model in TRAINED and row.model != OURS]
        told = [f"{row.model} ({row.accuracy:.1%})" for row in rows if row.outcome != "better"]
        opening = "Not better than that baseline" if self.outcome == "better" else "Nor are others"
        return f" {opening}: {', '.join(told)}." if told else ""

    @property
    def _caveat(self) -> str:
        if self.not_its_own:
            return " The Run did not learn from this Dataset, and may have seen these products."
        if self.split_protocol != "token_set":
            return " This split leaks: names of train are in test, and these scores flatter."
        return ""

"""What `compare` finds out about two Runs."""

from shelftag.evaluation.difference import Difference
from shelftag.evaluation.predictions import Origin
from shelftag.evaluation.regression import Change
from shelftag.evaluation.scope import Result


class DepartmentChange(Result):
    """One department in champion and candidate."""

    department: str
    support: int
    """Compared products filed under it."""

    chosen: tuple[int, int]
    """Products that champion and candidate put there."""

    precision: Change
    recall: Change


class Move(Result):
    """Products that the candidate puts elsewhere."""

    before: str
    after: str
    products: int
    mended: int
    """Of these: the candidate is right."""
    spoiled: int
    """Of these: the champion was."""


class Comparison(Result):
    """All that `compare` finds out."""

    version: int = 1
    shelftag: str
    champion: Origin
    candidate: Origin
    rows: int
    """Products compared: test products of both, filed under a department that both know."""

    of: tuple[int, int]
    """Test products of champion and candidate."""

    refiled: int
    """Compared products that the two Datasets file differently; the candidate's filing counts."""

    labels: tuple[str, ...]
    """Departments both know."""

    champion_only: tuple[str, ...]
    candidate_only: tuple[str, ...]
    """Departments that one of them alone knows."""

    accuracy: tuple[float, float]
    difference: Difference
    """Accuracy of the candidate less the champion's."""

    confidence: tuple[float, float]
    """Mean confidence."""

    departments: tuple[DepartmentChange, ...]
    moves: tuple[Move, ...]
    """Most products first."""

    max_regression: float

    @property
    def verdict(self) -> str:
        """One line: may the candidate take the champion's place."""
        gap = self.difference
        accuracy = (
            f"accuracy {self.accuracy[0]:.1%} → {self.accuracy[1]:.1%}, a difference of "
            f"{100 * gap.accuracy:+.1f} points (95% interval {100 * gap.low:+.1f} to "
            f"{100 * gap.high:+.1f})"
        )
        allowed = f"by more than chance and the {100 * self.max_regression:g} points allowed"
        if self.failures:
            which = "1 measure falls" if len(self.failures) == 1 else f"{len(self.failures)} fall"
            return f"Not to be promoted, {which} {allowed}: {accuracy}."
        return f"May be promoted, nothing falls {allowed}: {accuracy}."

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the candidate must not be promoted, one sentence each."""
        return self._with("falls")

    @property
    def doubts(self) -> tuple[str, ...]:
        """Falls by more than allowed that may be chance."""
        return self._with("cannot tell")

    def _with(self, verdict: str) -> tuple[str, ...]:
        return tuple(
            f"{name} of {one.department} from {measure.before:.1%} to {measure.after:.1%} "
            f"({one.support:,} products)"
            for one in self.departments
            for name, measure in (("recall", one.recall), ("precision", one.precision))
            if measure.verdict == verdict
        )

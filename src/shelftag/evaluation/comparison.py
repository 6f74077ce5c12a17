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


class Lost(Result):
    """A department that only the champion knows, with products in it."""

    department: str
    products: int
    """Test products that the champion files there."""


class Comparison(Result):
    """All that `compare` finds out.

    The candidate fails when the 95% interval of its accuracy less the champion's is wholly below 0,
    when it does not know a department that the champion uses, and when a department's recall or
    precision falls by more than allowed and than chance.
    """

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

    lost: tuple[Lost, ...]
    """Those of `champion_only` that the champion puts test products into."""

    accuracy: tuple[float, float]
    difference: Difference
    """Accuracy of the candidate less the champion's."""

    confidence: tuple[float, float]
    """Mean confidence."""

    departments: tuple[DepartmentChange, ...]
    moves: tuple[Move, ...]
    """Most products first."""

    max_regression: float
    """1 lets everything pass."""

    allow_lost: bool
    """Lost departments are meant to be."""

    @property
    def verdict(self) -> str:
        """One line: may the candidate take the champion's place."""
        gap = self.difference
        accuracy = (
            f"accuracy {self.accuracy[0]:.1%} → {self.accuracy[1]:.1%}, a difference of "
            f"{100 * gap.accuracy:+.1f} points (95% interval {100 * gap.low:+.1f} to "
            f"{100 * gap.high:+.1f})"
        )
        if self.failures:
            return f"Not to be promoted, {' and '.join(self._reasons)}: {accuracy}."
        if self._allows_all:
            return f"May be promoted, as everything is allowed: {accuracy}."
        doubts = f" Falls that may be chance: {len(self.doubts)}." if self.doubts else ""
        return f"May be promoted, nothing falls {self._allowed}: {accuracy}.{doubts}"

    @property
    def failures(self) -> tuple[str, ...]:
        """Why the candidate must not be promoted, one sentence each."""
        if self._allows_all:
            return ()
        lost = () if self.allow_lost else self.lost
        return (
            *([self._fall_of_accuracy] if self.less_accurate else []),
            *(f"{one.department} is lost ({one.products:,} products)" for one in lost),
            *self._with("falls"),
        )

    @property
    def doubts(self) -> tuple[str, ...]:
        """Falls by more than allowed that may be chance."""
        return self._with("cannot tell")

    @property
    def less_accurate(self) -> bool:
        """The whole interval of the difference is below 0."""
        return self.difference.high < 0

    @property
    def _fall_of_accuracy(self) -> str:
        before, after = self.accuracy
        return f"accuracy from {before:.1%} to {after:.1%} ({self.rows:,} products)"

    @property
    def _reasons(self) -> list[str]:
        """The failures in few words."""
        lost = [one.department for one in self.lost if not self.allow_lost]
        falls = len(self._with("falls"))
        which = "1 measure falls" if falls == 1 else f"{falls} fall"
        return [
            *(["accuracy falls by more than chance"] if self.less_accurate else []),
            *([f"it does not know {', '.join(lost)}"] if lost else []),
            *([f"{which} {self._allowed}"] if falls else []),
        ]

    @property
    def _allowed(self) -> str:
        return f"by more than chance and the {100 * self.max_regression:g} points allowed"

    @property
    def _allows_all(self) -> bool:
        return self.max_regression >= 1

    def _with(self, verdict: str) -> tuple[str, ...]:
        return tuple(
            f"{name} of {one.department} from {measure.before:.1%} to {measure.after:.1%} "
            f"({one.support:,} products)"
            for one in self.departments
            for name, measure in (("recall", one.recall), ("precision", one.precision))
            if measure.verdict == verdict
        )

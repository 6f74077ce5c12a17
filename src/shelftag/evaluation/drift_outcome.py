"""What `drift` finds out: the whole of drift.json."""

from shelftag.evaluation.scope import Result
from shelftag.evaluation.stability import Stability, Verdict


class Shares(Result):
    """What is said of products beside the indices; not part of the gate."""

    unseen_words: float | None
    """Share of the words (of two characters or more) that the Run never learned from; None where
    there are no words."""

    few_words: float
    """Share of the names of at most two words."""

    review: float
    """Share of the tags that are for review."""

    confidence: float
    """Mean."""


class FeedDrift(Result):
    """One feed, or all of them together."""

    feed: str
    rows: int
    shares: Shares
    measures: tuple[Stability, ...]


class Drift(Result):
    """A catalog beside the test products of the Run that tagged it."""

    version: int = 1
    shelftag: str
    run: str
    """Fingerprint of the Run."""
    catalog: str
    """What was read."""
    of: int
    """Its rows."""
    rows: int
    """Products compared."""
    unusable: int
    """Rows that were drawn and cannot be tagged, or have no name."""
    held_out: bool
    """Only names that the Run's split puts into test were compared: it has learned from none."""
    reference_rows: int
    """Test products of the Run."""
    reference: Shares
    max_psi: float
    feeds: tuple[FeedDrift, ...]
    """All together first."""

    @property
    def scope(self) -> str:
        """Which products were compared, in words."""
        which = " whose names the Run cannot have learned from" if self.held_out else ""
        return (
            f"{self.rows:,} of {self.of:,} products{which}, beside {self.reference_rows:,} test "
            "products of the Run."
        )

    @property
    def failures(self) -> tuple[str, ...]:
        """What has drifted, feed by feed."""
        return self._with("drifts")

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is above `max_psi`, on products so few that it may be chance."""
        return self._with("cannot tell")

    @property
    def verdict(self) -> str:
        """One line."""
        if self.failures:
            return f"It drifts, a PSI is above {self.max_psi:g}: {'; '.join(self.failures)}."
        if self.doubts:
            return f"Cannot tell: a PSI is above {self.max_psi:g}, but {'; '.join(self.doubts)}."
        worst = max((one for feed in self.feeds for one in feed.measures), key=lambda one: one.psi)
        return f"No drift: the largest PSI is {worst.psi:.3f} ({worst.measure})."

    def _with(self, verdict: Verdict) -> tuple[str, ...]:
        return tuple(
            f"{one.measure} of {feed.feed} (PSI {one.psi:.2f}, of which {one.chance:.2f} may be "
            "chance)"
            for feed in self.feeds
            for one in feed.measures
            if one.verdict == verdict
        )

"""What a catalog's people are given to do: products without a label, and labels in doubt."""

from shelftag.evaluation.scope import Result

SHOWN = 20
"""Rows of each list in the report; all of them are in the CSV files."""


class Recovered(Result):
    """A product without a department, and where it seems to belong."""

    id: str
    name: str
    filed_under: str
    suggested: str
    confidence: float
    """Calibrated probability that the suggestion is right."""
    status: str
    """`tagged`, or `review` when the confidence is under the threshold."""
    nearest: tuple[str, ...]
    """The nearest labelled names, nearest first."""


class Suspect(Result):
    """A product that is likely filed wrongly."""

    rank: int
    """From 1, most doubtful first."""
    id: str
    name: str
    filed_under: str
    suggested: str
    quality: float
    """cleanlab's quality of the label, 0 to 1."""
    twin: str
    """A product of the same words in another department, or else the nearest name in one; empty
    where none is near."""
    twin_department: str
    twin_similarity: float
    """Cosine, 0 to 1; 1 for the same words."""


class CatalogWork(Result):
    """Counts of both lists, and their first rows."""

    unlabelled: int
    """Products whose department says "not known"; all are in recovered.csv."""
    tagged: int
    """Of these: as sure as the Run's threshold asks."""
    recovered: tuple[Recovered, ...]
    """The first `SHOWN`, surest first."""
    near_for: int | None = None
    """Rows of recovered.csv, the first, that have nearest names; None for all."""
    near_among: int | None = None
    """Labelled names, a seeded sample, that near ones were looked for among; None for all."""
    labelled: int | None = None
    """Products with a label; None where suspects were not looked for."""
    checked: int | None = None
    """Of these, a seeded sample: whose label was checked; None for all."""
    twins_for: int | None = None
    """Rows of suspects.csv, the first, that have the nearest name as a twin; None for all."""
    estimated: int | None = None
    """Wrong labels among them, as cleanlab estimates."""
    doubted: int | None = None
    """Products in suspects.csv."""
    contradicted: int | None = None
    """Of these: a product of the same words stands in another department."""
    suspects: tuple[Suspect, ...] = ()
    """The first `SHOWN`, most doubtful first."""

    @property
    def sentence(self) -> str:
        """Both lists in words."""
        return f"{self.recovered_sentence} {self.suspects_sentence}"

    @property
    def recovered_sentence(self) -> str:
        """The one list in words."""
        if not self.unlabelled:
            return "Every product has a department."
        return (
            f"{self.unlabelled:,} products have no department: recovered.csv suggests one for "
            f"each, {self.tagged:,} of them without need of review.{self._near(self.near_for)}"
        )

    @property
    def suspects_sentence(self) -> str:
        """The other."""
        if self.labelled is None:
            return "Wrong labels were not looked for (evaluation.suspects = false)."
        sample = f"a seeded sample of {self.checked:,} of " if self.checked else ""
        return (
            f"Of {sample}{self.labelled:,} labels some {self.estimated:,} are estimated to be "
            f"wrong, or open to doubt: suspects.csv ranks {self.doubted:,}, "
            f"{self.contradicted:,} of which have a twin of the same words in another department."
            f"{self._near(self.twins_for)}"
        )

    def _near(self, rows: int | None) -> str:
        """For which rows near names were sought, and among which; nothing where all by all."""
        limits = [] if rows is None else [f"for the first {rows:,} rows"]
        if self.near_among is not None:
            limits.append(f"among a seeded sample of {self.near_among:,} labelled names")
        return f" Near names were sought {' and '.join(limits)}." if limits else ""

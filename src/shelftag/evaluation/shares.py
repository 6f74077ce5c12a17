"""Shares of rows, with exact intervals."""

from shelftag.evaluation.scope import Result

LEVEL = 0.95


class Share(Result):
    """A share of rows and the 95% interval of the one they were drawn from."""

    value: float | None
    """None of no rows."""
    low: float
    high: float


def share(right: int, rows: int) -> Share:
    """`right` of `rows`, by Clopper and Pearson 1934 (https://doi.org/10.1093/biomet/26.4.404)."""
    from scipy.stats import beta

    tail = (1 - LEVEL) / 2
    low = float(beta.ppf(tail, right, rows - right + 1)) if right else 0.0
    high = float(beta.ppf(1 - tail, right + 1, rows - right)) if right < rows else 1.0
    return Share(value=right / rows if rows else None, low=low, high=high)

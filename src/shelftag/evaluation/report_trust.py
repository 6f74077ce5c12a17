"""The part of the report that says when to trust a confidence."""

from shelftag.evaluation.calibration_scores import BandedBin, CalibrationScores, Judged
from shelftag.evaluation.selective import Abstention
from shelftag.evaluation.shares import Share
from shelftag.evaluation.trust import Trust
from shelftag.report.confidence import Bin, Mark, reliability_band, risk_coverage_curve
from shelftag.report.page import Drawing, Table, percent

BAND = (
    "Fifteen groups of like confidence: on the dashed line, nine in ten tags of confidence 0.9 are "
    "right. The shade is where a perfectly calibrated model of this size would be (95%); groups "
    "outside of it are of another colour."
)


def trust_drawings(trust: Trust) -> tuple[Drawing, ...]:
    """Reliability before and after calibration, and risk against coverage."""
    return (
        _reliability(trust, "before", "Confidence as trained", trust.before.bins),
        _reliability(trust, "after", "Confidence, calibrated", trust.after.bins),
        _risk(trust),
    )


def trust_tables(trust: Trust) -> tuple[Table, ...]:
    """Thresholds and candidates, and the scores of calibration."""
    return (_thresholds(trust), _calibration(trust))


def _reliability(trust: Trust, which: str, title: str, bins: tuple[BandedBin, ...]) -> Drawing:
    name = f"reliability_{which}"
    drawn = [Bin(one.confidence, one.accuracy, one.low, one.high) for one in bins]
    svg = reliability_band(name, f"Reliability, {which} calibration", drawn)
    return Drawing(name, title, BAND, f"{trust.scope.sentence}.", svg, narrow=True)


def _risk(trust: Trust) -> Drawing:
    caption = (
        "From the surest product on: how many can be tagged without a look, and how many of those "
        f"are wrong. The dashed line is the target, {1 - trust.target_precision:.1%} wrong."
    )
    found = {"certified": trust.certified, "nominal": trust.nominal}
    marks = [
        Mark(name, one.coverage.value or 0.0, 1 - one.precision.value)
        for name, one in found.items()
        if one is not None and one.precision.value is not None
    ]
    points = [(one.coverage, one.risk) for one in trust.risk.points]
    svg = risk_coverage_curve("risk_coverage", points, marks, 1 - trust.target_precision)
    title, scope = "What can go without a look", f"{trust.scope.sentence}."
    return Drawing("risk_coverage", title, caption, scope, svg, narrow=True)


def _thresholds(trust: Trust) -> Table:
    columns = ("", "confidence", "share", "95%", "right", "95%")
    rows = [("certified", *_abstention(trust.certified))]
    if trust.nominal is not None:
        rows.append(("nominal", *_abstention(trust.nominal)))
    if trust.candidates is not None:
        sets = trust.candidates
        size = f"{sets.mean_size:.2f} departments"
        rows.append((f"candidates, {sets.level:.0%}", size, "all", "", *_share(sets.coverage)))
    return Table(
        title="What can go without a look, in numbers",
        caption=f"Set for a precision of {trust.target_precision:.1%}. Certified: proven on the "
        "validation products, with 95% confidence. Nominal: reached there, after a search. "
        "Candidates: a set of departments that holds the true one.",
        scope=f"{trust.scope.sentence}.",
        columns=columns,
        rows=rows,
        numbers=columns[1:],
    )


def _abstention(one: Abstention) -> tuple[str, ...]:
    if not one.rows:
        return ("none reaches it", "0.0%", "", percent(None), "")
    return (f"{one.threshold:.4f}", *_share(one.coverage), *_share(one.precision))


def _share(one: Share) -> tuple[str, str]:
    return percent(one.value), f"{one.low:.1%} to {one.high:.1%}"


def _calibration(trust: Trust) -> Table:
    columns = ("", "before", "by chance", "after", "by chance")
    return Table(
        title="How honest its confidence is",
        caption=f"Calibrated by: {trust.way}. By chance: where a perfectly calibrated model with "
        "the same probabilities would be (95%). Less is better; 0 is perfect for the first two.",
        scope=f"{trust.scope.sentence}.",
        columns=columns,
        rows=[
            (name, *_judged(before), *_judged(after))
            for (name, before), (_, after) in zip(
                _scores(trust.before), _scores(trust.after), strict=True
            )
        ],
        numbers=columns[1:],
    )


def _scores(scores: CalibrationScores) -> tuple[tuple[str, Judged], ...]:
    return (
        ("expected calibration error, 15 bins", scores.error),
        ("smooth calibration error", scores.smooth_error),
        ("Brier score", scores.brier),
        ("log loss", scores.log_loss),
    )


def _judged(one: Judged) -> tuple[str, str]:
    return f"{one.value:.4f}", f"{one.low:.4f} to {one.high:.4f}"

"""A Comparison as a page that people look at."""

from shelftag.evaluation.comparison import Comparison, DepartmentChange
from shelftag.evaluation.regression import SIGNIFICANCE, Change
from shelftag.report.changes import changes_of_departments
from shelftag.report.page import Drawing, Page, Table, Tile, percent

MOVES_SHOWN = 20


def comparison_page(comparison: Comparison) -> Page:
    """The whole report."""
    old, new = comparison.champion, comparison.candidate
    return Page(
        title="Champion and candidate",
        subtitle=f"Run {old.run[:12]} (champion) and Run {new.run[:12]} (candidate). "
        f"{scope_of(comparison)}",
        verdict=comparison.verdict,
        tone="bad" if comparison.failures else "neutral" if comparison.doubts else "good",
        tiles=_tiles(comparison),
        drawings=(_drawing(comparison),),
        tables=(*_sentences(comparison), _departments(comparison), _moves(comparison)),
        facts=_facts(comparison),
        facts_title="What was compared",
    )


def scope_of(comparison: Comparison) -> str:
    """Which products were compared, in words."""
    old, new = comparison.of
    return (
        f"{comparison.rows:,} products that are test products of both Runs (of {old:,} and "
        f"{new:,}), filed under {len(comparison.labels)} departments that both know."
    )


def _tiles(comparison: Comparison) -> tuple[Tile, ...]:
    gap, moved = comparison.difference, sum(move.products for move in comparison.moves)
    points = f"{100 * gap.low:+.1f} to {100 * gap.high:+.1f} points (95%)"
    accuracy = [f"{share:.1%}" for share in comparison.accuracy]
    confidence = [f"{mean:.3f}" for mean in comparison.confidence]
    return (
        Tile("accuracy", accuracy[1], f"champion {accuracy[0]}; {points}"),
        Tile("mean confidence", confidence[1], f"champion {confidence[0]}"),
        Tile("put elsewhere", f"{moved:,}", f"{moved / comparison.rows:.1%} of the products"),
        Tile("against it", str(len(comparison.failures)), "not allowed, and not by chance"),
        Tile("cannot tell", str(len(comparison.doubts)), "more than allowed, may be chance"),
    )


def _drawing(comparison: Comparison) -> Drawing:
    rows = [
        (f"{one.department} ({one.support:,})", one.recall.rise, one.precision.rise)
        for one in sorted(comparison.departments, key=lambda one: -one.support)
    ]
    svg = changes_of_departments("changes", rows, comparison.max_regression)
    caption = (
        "Points gained or lost by the candidate. Left of the dashed line is more than is allowed; "
        "whether it is more than chance is in the table. Products in brackets."
    )
    return Drawing("changes", "Department by department", caption, scope_of(comparison), svg)


def _sentences(comparison: Comparison) -> tuple[Table, ...]:
    """Why it fails, and what cannot be told; nothing where there is nothing to say."""
    parts = (
        ("Against it", "More than is allowed, and not by chance.", comparison.failures),
        ("Cannot tell", "More than is allowed, but it may be chance.", comparison.doubts),
    )
    return tuple(
        Table(title, caption, scope_of(comparison), ("what changed",), [(row,) for row in rows])
        for title, caption, rows in parts
        if rows
    )


def _departments(comparison: Comparison) -> Table:
    columns = ("department", "products", "recall", "change", "precision", "change ", "verdict")
    return Table(
        title="The same in numbers",
        caption="Champion to candidate. Verdicts of recall and precision; in brackets the chance "
        "of such a fall between equal models, adjusted for all of the table.",
        scope=scope_of(comparison),
        columns=columns,
        rows=[_row(one) for one in comparison.departments],
        numbers=columns[1:-1],
    )


def _row(one: DepartmentChange) -> tuple[str, ...]:
    cells = [cell for each in (one.recall, one.precision) for cell in change_cells(each)]
    verdicts = f"{_verdict(one.recall)} / {_verdict(one.precision)}"
    return (one.department, f"{one.support:,}", *cells, verdicts)


def change_cells(one: Change) -> tuple[str, str]:
    """From where to where, and the points between."""
    points = "" if one.rise is None else f"{100 * one.rise:+.1f}"
    return f"{percent(one.before)} → {percent(one.after)}", points


def _verdict(one: Change) -> str:
    if one.verdict == "holds" or one.p_value is None:
        return one.verdict
    return f"{one.verdict} ({one.p_value:.2g})"


def _moves(comparison: Comparison) -> Table:
    columns = ("champion", "candidate", "products", "mended", "spoiled")
    return Table(
        title="What moves",
        caption="Products the candidate puts elsewhere; mended: it is right; spoiled: the champion "
        f"was. The {MOVES_SHOWN} commonest moves.",
        scope=scope_of(comparison),
        columns=columns,
        rows=[
            (one.before, one.after, *map(str, (one.products, one.mended, one.spoiled)))
            for one in comparison.moves[:MOVES_SHOWN]
        ],
        numbers=columns[2:],
    )


def _facts(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    old, new = comparison.champion, comparison.candidate
    return (
        ("Champion", f"Run {old.run}, Dataset {old.dataset}, split by {old.protocol}"),
        ("Candidate", f"Run {new.run}, Dataset {new.dataset}, split by {new.protocol}"),
        ("Departments of both", ", ".join(comparison.labels)),
        ("Of the champion alone", ", ".join(comparison.champion_only) or "none"),
        ("Of the candidate alone", ", ".join(comparison.candidate_only) or "none"),
        ("Lost with them", _lost(comparison)),
        ("Filed anew between the Datasets", f"{comparison.refiled:,} products"),
        ("Allowed fall", f"{100 * comparison.max_regression:g} points of recall or precision"),
        ("Test", f"exact paired randomization, adjusted (Holm 1979), {SIGNIFICANCE:.0%}"),
        ("Interval", f"{comparison.difference.resamples:,} paired bootstraps over products"),
        ("Compared with", f"shelftag {comparison.shelftag}"),
    )


def _lost(comparison: Comparison) -> str:
    products = sum(one.products for one in comparison.lost)
    allowed = ", which is allowed" if comparison.allow_lost and products else ""
    return f"{products:,} test products that the champion files there{allowed}"

"""A Drift as a page that people look at."""

from collections.abc import Sequence

from shelftag.evaluation.drift_outcome import Drift, FeedDrift, Shares
from shelftag.evaluation.stability import Stability
from shelftag.report.changes import shares_beside
from shelftag.report.page import Drawing, Page, Table, Tile, percent

SHARE_COLUMNS = ("confidence", "for review", "words not learned", "few words")
"""As `share_cells` has them, after a feed and its products."""


def drift_page(drift: Drift) -> Page:
    """The whole report."""
    whole = drift.feeds[0]
    return Page(
        title="Does the catalog still look like what the Run was tested on?",
        subtitle=f"{drift.catalog}, tagged by Run {drift.run[:12]}. {drift.scope}",
        verdict=drift.verdict,
        tone="bad" if drift.failures else "neutral" if drift.doubts else "good",
        tiles=_tiles(drift.reference, whole.shares),
        drawings=[_drawing(drift, one) for one in whole.measures],
        tables=(_feeds(drift), _shares(drift)),
        facts=_facts(drift),
    )


def _tiles(before: Shares, now: Shares) -> tuple[Tile, ...]:
    return (
        Tile("mean confidence", f"{now.confidence:.3f}", f"tested {before.confidence:.3f}"),
        Tile("for review", percent(now.review), f"tested {percent(before.review)}"),
        Tile(
            "words not learned", percent(now.unseen_words), f"tested {percent(before.unseen_words)}"
        ),
        Tile("names of few words", percent(now.few_words), f"tested {percent(before.few_words)}"),
    )


def _drawing(drift: Drift, one: Stability) -> Drawing:
    rows = [
        (name, before / sum(one.reference), now / sum(one.now))
        for name, before, now in zip(one.bins, one.reference, one.now, strict=True)
    ]
    caption = (
        f"Share of the products. PSI {one.psi:.3f}, of which {one.chance:.3f} may be chance; "
        f"{one.max_psi:g} is allowed."
    )
    name = one.measure.replace(" ", "-")
    svg = shares_beside(name, f"Shares by {one.measure}", rows)
    return Drawing(name, one.measure.capitalize(), caption, drift.scope, svg)


def _feeds(drift: Drift) -> Table:
    measures = [one.measure for one in drift.feeds[0].measures]
    columns = ("feed", "products", *measures, "verdict")
    return Table(
        title="Population stability index by feed",
        caption="In brackets what 95% of samples of this size stay below when nothing has changed.",
        scope=drift.scope,
        columns=columns,
        rows=[(*feed_cells(feed), verdict_of(feed)) for feed in drift.feeds],
        numbers=columns[1:-1],
    )


def feed_cells(feed: FeedDrift) -> tuple[str, ...]:
    """Its name, its products, and each index with what may be chance."""
    indices = (f"{one.psi:.3f} ({one.chance:.3f})" for one in feed.measures)
    return (feed.feed, f"{feed.rows:,}", *indices)


def verdict_of(feed: FeedDrift) -> str:
    """The gravest of its measures."""
    verdicts = [one.verdict for one in feed.measures]
    return next((one for one in ("drifts", "cannot tell") if one in verdicts), "holds")


def _shares(drift: Drift) -> Table:
    columns = ("feed", "products", *SHARE_COLUMNS)
    tested = share_cells("the Run's test products", drift.reference_rows, drift.reference)
    return Table(
        title="Said beside it",
        caption="Mean confidence, and shares of tags, words and names. Few words: at most two.",
        scope=drift.scope,
        columns=columns,
        rows=[tested, *(share_cells(feed.feed, feed.rows, feed.shares) for feed in drift.feeds)],
        numbers=columns[1:],
    )


def share_cells(feed: str, rows: int, shares: Shares) -> Sequence[str]:
    """A feed, its products, and what is said of them."""
    parts = (shares.review, shares.unseen_words, shares.few_words)
    return (feed, f"{rows:,}", f"{shares.confidence:.3f}", *map(percent, parts))


def _facts(drift: Drift) -> tuple[tuple[str, str], ...]:
    return (
        ("Run", drift.run),
        ("Catalog", drift.catalog),
        ("Rows in the catalog", f"{drift.of:,}"),
        ("Products compared", f"{drift.rows:,}"),
        ("Drawn, but without a usable name", f"{drift.unusable:,}"),
        ("Names the Run may have learned from", "left out" if drift.held_out else "among them"),
        ("Allowed", f"a PSI of {drift.max_psi:g}, and on top what may be chance"),
        ("Measured with", f"shelftag {drift.shelftag}"),
    )

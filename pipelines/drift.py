"""Tags, or a catalog to be tagged -> does it still look like what the Run was tested on?

    TAGS --read---------------.
    CATALOG --sample--> tag --'--> Tagged --beside the Run's test products--> PSI, exit code

A Run is surer of names it has learned from, and its test products are none of them. So where the
split goes by name, only names that it puts into test are compared, whether they are new or not.
"""

from pathlib import Path

import numpy as np

from pipelines.drift_input import Drawn, read_products
from shelftag import __version__
from shelftag.artifacts import Run, read_json, write_text
from shelftag.artifacts.fetched import fetched
from shelftag.config import Config
from shelftag.errors import GateFailed, InputError
from shelftag.evaluation.drift import Learned, Tagged, measure_feeds, shares_of
from shelftag.evaluation.drift_outcome import Drift
from shelftag.evaluation.drift_report import (
    SHARE_COLUMNS,
    drift_page,
    feed_cells,
    share_cells,
    verdict_of,
)
from shelftag.evaluation.predictions import Predictions, read_predictions
from shelftag.report.page import render
from shelftag.tagging.columns import Naming

FEEDS_PRINTED = 20


def main(
    *,
    tags_or_catalog: Path,
    run: str,
    out: Path | None,
    name_column: str,
    description_column: str | None,
    source_column: str | None,
    sample: str,
    unseen: bool,
    config: Config,
) -> None:
    """Measure, write, print, and then fail if it drifts.

    Raises:
        ArtifactError: the Run was not evaluated, or the tags are of another one.
        InputError: a column is missing, there are no products, or `sample` is no number of rows.
        GateFailed: an index is above what is allowed.
    """
    rows = _rows(sample)
    used = fetched(run)
    reference = read_predictions(used)
    naming = Naming(name_column, description_column)
    drawn = read_products(
        tags_or_catalog,
        used,
        naming,
        source_column,
        rows=rows,
        held_out=None if unseen else reference.origin,
        config=config,
    )
    drift = measure(used, reference, drawn, tags_or_catalog, config)
    show(drift)
    if out is not None:
        publish(drift, out)
    if drift.failures:
        raise GateFailed(
            f"drift above {drift.max_psi:g}: " + "; ".join(drift.failures),
            "look at these products, train again with some of them, or allow more with --max-psi",
        )


def _rows(sample: str) -> int:
    if not sample.isdecimal() or not int(sample):
        problem = f"--sample {sample} is not a whole number of rows above 0"
        raise InputError(problem, "give one like --sample 20000")
    return int(sample)


def measure(run: Run, reference: Predictions, drawn: Drawn, catalog: Path, config: Config) -> Drift:
    """Put what was drawn beside the Run's test products."""
    terms = read_json(run.linear_dir / "vocabulary.json").get("words", [])
    vocabulary = frozenset(term for term in terms if " " not in term)
    learned = Learned(reference.origin.labels, vocabulary)
    tested, max_psi = _tested(reference), config.evaluation.max_psi
    feeds = measure_feeds(tested, drawn.products, drawn.feeds, learned, max_psi, config.train.seed)
    return Drift(
        shelftag=__version__,
        run=reference.origin.run,
        catalog=catalog.name,
        of=drawn.of,
        rows=len(drawn.products),
        unusable=drawn.unusable,
        held_out=drawn.held_out,
        reference_rows=len(tested),
        reference=shares_of(tested, vocabulary),
        max_psi=max_psi,
        feeds=feeds,
    )


def _tested(reference: Predictions) -> Tagged:
    table = reference.table
    return Tagged(
        names=np.array(table["name"].to_pylist(), object),
        departments=np.array(table["chosen"].to_pylist(), object),
        confidence=table["confidence"].to_numpy(),
        review=np.array(table["status"].to_pylist(), object) == "review",
    )


def publish(drift: Drift, out: Path) -> None:
    """Write drift.json and drift.html."""
    write_text(out / "drift.html", render(drift_page(drift)))
    write_text(out / "drift.json", drift.model_dump_json(indent=2) + "\n")
    print(f"report: {out / 'drift.html'}")


def show(drift: Drift) -> None:
    """Print the verdict and two tables."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    measures = (one.measure for one in drift.feeds[0].measures)
    indices = Table("feed", "products", *measures, "", box=box.SIMPLE_HEAD)
    shares = Table("", "products", *SHARE_COLUMNS, box=box.SIMPLE_HEAD)
    shares.add_row(*share_cells("tested", drift.reference_rows, drift.reference))
    worst_first = sorted(drift.feeds[1:], key=lambda feed: -max(m.psi for m in feed.measures))
    for feed in (drift.feeds[0], *worst_first[:FEEDS_PRINTED]):
        indices.add_row(*feed_cells(feed), verdict_of(feed))
        shares.add_row(*share_cells(feed.feed, feed.rows, feed.shares))
    console.print(drift.verdict, soft_wrap=True)
    console.print("population stability index, in brackets what may be chance:")
    console.print(indices)
    console.print(shares)
    for line in (drift.scope, *_notes(drift)):
        console.print(line, soft_wrap=True)


def _notes(drift: Drift) -> list[str]:
    notes = [f"cannot tell from chance: {doubt}" for doubt in drift.doubts]
    if drift.unusable:
        notes.append(f"left out, without a usable name: {drift.unusable:,} rows")
    if not drift.held_out:
        notes.append("names the Run has learned from may be among them: it is surer of those")
    return notes

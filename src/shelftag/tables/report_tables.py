"""The tables of a Dataset's report. One without rows is left out."""

from collections.abc import Sequence

from shelftag.artifacts import DatasetManifest, Leakage
from shelftag.report.page import Table, percent
from shelftag.tables.split_counts import SPLITS, lacking


def tables(manifest: DatasetManifest) -> tuple[Table, ...]:
    """All tables that have a row."""
    each = (_splits(manifest), _leakage(manifest), _near(manifest.leakage), _rejects(manifest))
    return tuple(table for table in each if table.rows)


def _splits(manifest: DatasetManifest) -> Table:
    departments = sorted(manifest.splits_by_department.items())
    rows = [("all", manifest.splits), *departments]
    columns = ("department", "products", *SPLITS)
    return Table(
        title="Split",
        caption=_too_rare(manifest),
        scope=f"Products, split by {manifest.split_protocol.replace('_', ' ')}.",
        columns=columns,
        rows=[(name, *_counts(splits)) for name, splits in rows],
        numbers=columns[1:],
    )


def _counts(splits: dict[str, int]) -> list[str]:
    counts = [splits.get(split, 0) for split in SPLITS]
    return [f"{count:,}" for count in (sum(counts), *counts)]


def _too_rare(manifest: DatasetManifest) -> str:
    """Which departments are learned and have no product in a split."""
    counts = manifest.splits_by_department
    learned = [name for name in manifest.departments if name in counts]
    missing = [
        f"{department} has no product in {split}."
        for department, splits in lacking(learned, counts).items()
        for split in splits
    ]
    return " ".join(missing) or "Every department that is learned has products in each split."


def _leakage(manifest: DatasetManifest) -> Table:
    found = manifest.leakage
    columns = ("what", "number", "share")
    caption = "How much of what a model is tested on it could know from train."
    if found.determining:
        caption += (
            f" Each value of {', '.join(found.determining)} has one department: "
            "never an input of a model."
        )
    rows = _leaks(found, sum(manifest.splits.values())) if found != Leakage() else ()
    return Table(
        title="Leakage",
        caption=caption,
        scope="Held-out products are those in valid and test. A row that begins with an ellipsis "
        "is a part of those above it; each likeness of names includes the stricter ones.",
        columns=columns,
        rows=[
            (what, f"{count:,}", percent(count / of if of else None)) for what, count, of in rows
        ],
        numbers=columns[1:],
    )


def _leaks(found: Leakage, products: int) -> Sequence[tuple[str, int, int]]:
    """(what, number, number of which it is a share)."""
    held_out, tested = found.held_out, found.test_purchases
    return (
        ("held-out products", held_out, products),
        ("… with exactly a train product's name", found.exact, held_out),
        ("… the same words in the same order", found.spelling, held_out),
        ("… or with its words in another order", found.token_set, held_out),
        ("… or nearly: trigrams alike by 0.8 (Jaccard)", found.near, held_out),
        ("test lines, at least one a product", tested, tested),
        ("… whose product's name is in train", found.test_purchases_known, tested),
        ("… answered right by looking that name up", found.lookup_right, tested),
        ("products whose name has several departments", found.conflicting_products, products),
    )


def _near(found: Leakage) -> Table:
    return Table(
        title="Nearly the same name",
        caption="Examples of what is near, and not the same words.",
        scope=f"{found.near - found.token_set:,} held-out products have such a name in train.",
        columns=("held out", "in train"),
        rows=found.near_examples,
    )


def _rejects(manifest: DatasetManifest) -> Table:
    reasons = sorted(manifest.reject_reasons.items(), key=lambda one: (-one[1], one[0]))
    total = sum(manifest.reject_reasons.values())
    columns = ("reason", "rows", "share")
    return Table(
        title="Rejected rows",
        caption="Each stands in rejects/ with its table, file, position and text.",
        scope=f"{total:,} rejected rows.",
        columns=columns,
        rows=[(reason, f"{rows:,}", percent(rows / total)) for reason, rows in reasons if rows],
        numbers=columns[1:],
    )

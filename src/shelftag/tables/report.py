"""A Dataset as a page that people look at: DATASET/report.html."""

import pyarrow as pa

from shelftag.artifacts import Dataset, DatasetManifest, write_text
from shelftag.report.page import Page, Tile, Tone, percent, render
from shelftag.tables.report_figures import drawings
from shelftag.tables.report_tables import tables


def write_report(dataset: Dataset, manifest: DatasetManifest, products: pa.Table) -> None:
    """Write the page, replaced at once.

    Args:
        products: rows of products.parquet.
    """
    write_text(dataset.report_file, render(page(manifest, products)))


def page(manifest: DatasetManifest, products: pa.Table) -> Page:
    """The whole report: what became of every row, and whether the split holds.

    Args:
        products: rows of products.parquet; under the row split a product may have several.
    """
    if manifest.split_protocol == "row":
        products = _once_each(products)
    return Page(
        title="What was prepared",
        subtitle=f"Dataset {manifest.fingerprint[:12]}, split by "
        f"{manifest.split_protocol.replace('_', ' ')}.",
        verdict=f"{accounted(manifest)} {leakage(manifest)}",
        tone=_tone(manifest),
        tiles=_tiles(manifest, products),
        drawings=drawings(manifest, products),
        tables=tables(manifest),
        facts=_facts(manifest),
        facts_title="What it was made from",
    )


def _once_each(products: pa.Table) -> pa.Table:
    summed = products.group_by(["id", "department"]).aggregate([("purchases", "sum")])
    return summed.rename_columns(["id", "department", "purchases"])


def accounted(manifest: DatasetManifest) -> str:
    """Whether every row is accounted for, in a sentence."""
    rows = sum(table.read for table in manifest.tables.values())
    lost = _unbalanced(manifest)
    if lost:
        return f"ROWS ARE MISSING: the accounts of {', '.join(lost)} do not add up."
    return f"Every one of {rows:,} rows is accounted for."


def _unbalanced(manifest: DatasetManifest) -> list[str]:
    """What has other rows out than in."""
    tables, lines = manifest.tables, manifest.order_lines
    lost = [name for name, one in tables.items() if one.read != one.merged + one.rejected]
    if lines.get("merged", 0) != lines.get("kept", 0) + lines.get("dropped", 0):
        lost.append("order lines")
    if sum(manifest.reject_reasons.values()) != sum(one.rejected for one in tables.values()):
        lost.append("reject reasons")
    return lost


def leakage(manifest: DatasetManifest) -> str:
    """What of the held-out products stands in train, in a sentence."""
    found = manifest.leakage
    split = f"{manifest.split_protocol.replace('_', '-').capitalize()} split"
    if not found.held_out:
        return f"{split}: no product is held out, so nothing can be measured on it."
    if not found.token_set:
        near = f" {found.near:,} are nearly the same." if found.near else ""
        return f"{split}: no held-out product has the same set of words as a train product.{near}"
    if not found.lookup_right:
        return (
            f"{split}: LEAKS: {found.token_set:,} of {found.held_out:,} held-out products have "
            "the words of a train product."
        )
    lines = "lines" if manifest.order_lines.get("kept") else "products"
    right = percent(found.lookup_right / found.test_purchases)
    return f"{split}: LEAKS: looking names up in train answers {right} of test {lines}."


def _tone(manifest: DatasetManifest) -> Tone:
    if _unbalanced(manifest) or manifest.leakage.token_set:
        return "bad"
    return "good" if manifest.leakage.held_out else "neutral"


def _tiles(manifest: DatasetManifest, products: pa.Table) -> tuple[Tile, ...]:
    tables, lines = manifest.tables.values(), manifest.order_lines
    rejected, read = sum(one.rejected for one in tables), sum(one.read for one in tables)
    names = products["department"].unique()
    tiles = (
        Tile("products", f"{products.num_rows:,}", f"{manifest.splits.get('train', 0):,} in train"),
        Tile("departments", f"{len(names)}", f"{len(manifest.departments)} learned"),
        Tile("rejected", f"{rejected:,}", f"of {read:,} rows read"),
    )
    if not lines.get("merged"):
        return tiles
    kept = Tile("order lines kept", f"{lines['kept']:,}", f"of {lines['merged']:,} merged")
    return (kept, *tiles)


def _facts(manifest: DatasetManifest) -> tuple[tuple[str, str], ...]:
    official = (("Tables", "those Instacart published in 2017, by their SHA-256"),)
    return (
        ("Dataset", manifest.fingerprint),
        ("Departments learned", ", ".join(manifest.departments)),
        *(official if manifest.official else ()),
        *manifest.inputs.items(),
        ("Prepared with", f"shelftag {manifest.shelftag}"),
    )

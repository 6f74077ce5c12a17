"""What a catalog's people are given to do, as parts of the report."""

from shelftag.evaluation.catalog_work import SHOWN, CatalogWork
from shelftag.report.page import Table

RECOVERED = ("product", "filed under", "suggested", "confidence", "nearest labelled name")
SUSPECTS = ("product", "filed under", "suggested", "against it", "filed there")


def catalog_tables(work: CatalogWork, departments: int) -> tuple[Table, ...]:
    """The first rows of recovered.csv and of suspects.csv, where there are any."""
    tables = []
    if work.recovered:
        scope = f"{departments} departments trained; {work.unlabelled:,} products without one."
        tables.append(_recovered(work, scope))
    if work.suspects:
        scope = f"{departments} departments trained; {work.labelled:,} labels of all splits."
        tables.append(_suspects(work, scope))
    return tuple(tables)


def _recovered(work: CatalogWork, scope: str) -> Table:
    return Table(
        title="Products without a department",
        caption=f"{work.recovered_sentence} Here the {SHOWN} it is surest of.",
        scope=scope,
        columns=RECOVERED,
        rows=[
            (
                one.name,
                one.filed_under,
                one.suggested,
                f"{one.confidence:.3f}",
                next(iter(one.nearest), ""),
            )
            for one in work.recovered
        ],
        numbers=("confidence",),
    )


def _suspects(work: CatalogWork, scope: str) -> Table:
    return Table(
        title="Labels in doubt",
        caption=f"{work.suspects_sentence} Here the first {SHOWN}, each with what speaks against "
        "it: the same words, or the nearest name, under another department.",
        scope=scope,
        columns=SUSPECTS,
        rows=[
            (
                one.name,
                one.filed_under,
                one.suggested,
                one.twin,
                one.twin_department,
            )
            for one in work.suspects
        ],
    )

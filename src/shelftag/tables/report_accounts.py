"""The row accounts of a Dataset's report, drawn as flows."""

from collections.abc import Sequence

from shelftag.artifacts import DatasetManifest, TableAccount
from shelftag.report.flow import Flow, Node, Stream, flows
from shelftag.report.page import Drawing
from shelftag.report.svg import BASELINE, MODEL, WRONG
from shelftag.tables.schemas import PRIOR, TRAIN

ORDER_TABLES = (PRIOR.name, TRAIN.name)
TO_SCALE = "Widths are to scale; what is too thin to be seen is a hairline."


def order_lines(manifest: DatasetManifest) -> Drawing | None:
    """Order lines read, merged, kept; None for a catalog without orders."""
    tables = {name: manifest.tables[name] for name in ORDER_TABLES if name in manifest.tables}
    if not tables:
        return None
    title = "What became of the order lines"
    svg = flows("order-lines", title, [_lines_flow(tables, manifest.order_lines)])
    caption = f"Read, merged with their order and product, kept. {TO_SCALE}"
    scope = "Dropped: of a first order, whose days_since_prior_order is null."
    return Drawing("order-lines", title, caption, scope, svg, narrow=True)


def _lines_flow(tables: dict[str, TableAccount], lines: dict[str, int]) -> Flow:
    read = [Node(table.read, f"read in\n{name}", BASELINE) for name, table in tables.items()]
    kept = [
        Node(lines.get("kept", 0), "kept", MODEL),
        Node(lines.get("dropped", 0), "dropped", BASELINE),
    ]
    streams = [
        *(stream for place, table in enumerate(tables.values()) for stream in _taken(place, table)),
        *(Stream(1, 0, place, node.rows) for place, node in enumerate(kept)),
    ]
    return Flow([read, _fates(list(tables.values())), kept], streams)


def other_tables(manifest: DatasetManifest) -> Drawing | None:
    """Rows read and merged of each other table; None where there is none."""
    others = {name: one for name, one in manifest.tables.items() if name not in ORDER_TABLES}
    if not others:
        return None
    alone = len(others) == len(manifest.tables)
    title = "What became of the catalogs" if alone else "What became of the other tables"
    each = [
        Flow(
            [[Node(table.read, f"{name} read", BASELINE)], _fates([table])], list(_taken(0, table))
        )
        for name, table in others.items()
    ]
    scope = f"{sum(table.read for table in others.values()):,} rows."
    caption = f"Each table to its own scale. {TO_SCALE}"
    svg = flows("other-tables", title, each)
    return Drawing("other-tables", title, caption, scope, svg, narrow=True)


def _fates(tables: Sequence[TableAccount]) -> list[Node]:
    merged, rejected = sum(one.merged for one in tables), sum(one.rejected for one in tables)
    return [Node(merged, "merged", MODEL), Node(rejected, "rejected", WRONG)]


def _taken(place: int, table: TableAccount) -> tuple[Stream, Stream]:
    return Stream(0, place, 0, table.merged), Stream(0, place, 1, table.rejected)

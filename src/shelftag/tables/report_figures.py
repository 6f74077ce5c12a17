"""The drawings of a Dataset's report. One whose data is empty is left out."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from shelftag.artifacts import DatasetManifest, Statistics
from shelftag.report.distributions import Bar, bars, heat_map, histogram, lorenz_curve
from shelftag.report.page import Drawing, percent
from shelftag.tables.report_accounts import order_lines, other_tables

MAX_BARS = 30
POINTS = 401


def drawings(manifest: DatasetManifest, products: pa.Table) -> tuple[Drawing, ...]:
    """All drawings there is data for.

    Args:
        products: id, department, purchases; one row for each product.
    """
    statistics = manifest.statistics
    each = (
        order_lines(manifest),
        other_tables(manifest),
        _nulls(statistics),
        *_departments(products),
        _orders(statistics),
        _baskets(statistics),
        _popularity(products),
        _lengths("words", statistics.words),
        _lengths("tokens", statistics.tokens),
    )
    return tuple(drawing for drawing in each if drawing is not None)


def _nulls(statistics: Statistics) -> Drawing | None:
    if not statistics.nulls:
        return None
    title = "Null shares"
    rows = [
        Bar(column, nulls / max(1, rows), percent(nulls / rows if rows else None))
        for column, (nulls, rows) in statistics.nulls.items()
    ]
    caption = "How much of a column that may be null is null."
    scope = "; ".join(
        f"{column}: {nulls:,} of {rows:,}" for column, (nulls, rows) in statistics.nulls.items()
    )
    return Drawing("nulls", title, caption, scope, bars("nulls", title, rows), narrow=True)


def _departments(products: pa.Table) -> list[Drawing | None]:
    sums = products.group_by("department").aggregate([("purchases", "sum"), ("id", "count")])
    names = sums["department"].to_pylist()
    purchases = dict(zip(names, sums["purchases_sum"].to_pylist(), strict=True))
    counts = dict(zip(names, sums["id_count"].to_pylist(), strict=True))
    bought = "A purchase is a kept order line, or what a catalog counts as one."
    return [
        _by_department("Purchases by department", bought, purchases),
        _by_department("Products by department", "Every product of the catalog.", counts),
    ]


def _by_department(title: str, caption: str, counts: dict[str, int]) -> Drawing | None:
    total = sum(counts.values())
    if not total:
        return None
    name = title.lower().replace(" ", "-")
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    shown = ordered[:MAX_BARS]
    rest = sum(count for _, count in ordered[MAX_BARS:])
    longest = shown[0][1]
    rows = [Bar(label, n / longest, f"{n:,} ({percent(n / total)})") for label, n in shown]
    scope = f"{total:,} in {len(ordered):,} departments."
    if rest:
        scope += f" Not drawn: {len(ordered) - MAX_BARS:,} smaller ones with {rest:,} together."
    return Drawing(name, title, caption, scope, bars(name, title, rows), narrow=True)


def _orders(statistics: Statistics) -> Drawing | None:
    orders = np.array(statistics.orders, np.int64)
    if not orders.any():
        return None
    title = "Orders by weekday and hour"
    day, hour = divmod(int(orders.argmax()), orders.shape[1])
    caption = (
        f"The darker, the more: most, {orders.max():,}, on weekday {day} at {hour} o'clock. "
        "Weekdays are numbered as the tables number them; which day is 0 they do not say."
    )
    svg = heat_map("orders", title, orders, "weekday", "hour of the day")
    return Drawing("orders", title, caption, f"{orders.sum():,} orders.", svg, narrow=True)


def _baskets(statistics: Statistics) -> Drawing | None:
    baskets = statistics.baskets
    if not any(baskets):
        return None
    title = "Basket sizes"
    half = sum(count >= baskets[0] / 2 for count in baskets)
    caption = f"Baskets with at least so many products. Half of them have {half} or more."
    svg = histogram("baskets", title, baskets, 1, "products in the basket, at least")
    scope = f"{baskets[0]:,} baskets; kept order lines by their place in the basket."
    return Drawing("baskets", title, caption, scope, svg, narrow=True)


def _popularity(products: pa.Table) -> Drawing | None:
    purchases = np.sort(products["purchases"].to_numpy())
    summed = np.concatenate([[0], purchases.cumsum()])
    if not summed[-1]:
        return None
    title = "Popularity of products"
    shares = summed[np.linspace(0, len(purchases), POINTS).astype(np.int64)] / summed[-1]
    top = 1 - summed[int(0.99 * len(purchases))] / summed[-1]
    caption = (
        "A Lorenz curve: products sorted from the least to the most bought; on the dashed line "
        f"all would be bought alike. The 1% bought most have {percent(top)} of the purchases."
    )
    svg = lorenz_curve(
        "popularity", title, shares, "share of the purchases", "share of the products"
    )
    never = int((purchases == 0).sum())
    scope = f"{summed[-1]:,} purchases of {len(purchases):,} products; {never:,} never bought."
    return Drawing("popularity", title, caption, scope, svg, narrow=True)


def _lengths(unit: str, counts: Sequence[int]) -> Drawing | None:
    total = sum(counts)
    if not total:
        return None
    title = f"Name lengths in {unit}"
    mean = sum(length * count for length, count in enumerate(counts)) / total
    caption = (
        f"Products by the {unit} of their name: {mean:.1f} in the mean. "
        f"The last step holds {len(counts) - 1} and more."
    )
    svg = histogram(f"{unit}-of-names", title, counts, 0, f"{unit} in the name")
    return Drawing(f"{unit}-of-names", title, caption, f"{total:,} products.", svg, narrow=True)

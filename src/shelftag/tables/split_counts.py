"""How many products each split has, of each department."""

from collections.abc import Iterable, Mapping
from typing import get_args

import pyarrow as pa

from shelftag.catalog.split import Split

SPLITS: tuple[Split, ...] = get_args(Split)


def split_counts(products: pa.Table) -> dict[str, int]:
    """Split -> rows of products.parquet."""
    found = products.group_by("split").aggregate([([], "count_all")]).to_pylist()
    counts = {row["split"]: row["count_all"] for row in found}
    return {split: counts.get(split, 0) for split in SPLITS}


def splits_by_department(products: pa.Table) -> dict[str, dict[str, int]]:
    """Department -> split -> rows of products.parquet, departments in the order of their names."""
    found = products.group_by(["department", "split"]).aggregate([([], "count_all")]).to_pylist()
    departments = sorted({row["department"] for row in found})
    counts = {department: dict.fromkeys(map(str, SPLITS), 0) for department in departments}
    for row in found:
        counts[row["department"]][row["split"]] = row["count_all"]
    return counts


def lacking(
    learned: Iterable[str], counts: Mapping[str, Mapping[str, int]]
) -> dict[str, list[Split]]:
    """Learned department -> the splits in which it has no product, of those that lack any."""
    found = {
        name: [split for split in SPLITS[:3] if not counts.get(name, {}).get(split, 0)]
        for name in learned
    }
    return {name: splits for name, splits in found.items() if splits}


def too_rare(learned: Iterable[str], counts: Mapping[str, Mapping[str, int]]) -> str:
    """One sentence on the learned departments that lack products in a split; empty for none."""
    found = lacking(learned, counts).items()
    parts = [f"{name} (none in {', '.join(splits)})" for name, splits in found]
    return f"too rare for every split: {'; '.join(parts)}" if parts else ""

"""What stands on both sides of the split: names a model would be tested on after learning them."""

from collections.abc import Callable

import pyarrow as pa

from shelftag.artifacts import Leakage
from shelftag.catalog.text import text
from shelftag.tables.products import token_key


def audit(products: pa.Table) -> Leakage:
    """Normalised names and token sets that stand in train and also in valid or test.

    Args:
        products: rows of products.parquet; the unlabelled are on neither side.
    """
    names = products["name"].to_pylist()
    split = products["split"].to_pylist()
    return Leakage(
        spelling=_on_both_sides(names, split, text),
        token_set=_on_both_sides(names, split, token_key),
    )


def _on_both_sides(names: list[str], splits: list[str], key: Callable[[str], str]) -> int:
    train: set[str] = set()
    held_out: set[str] = set()
    for name, split in zip(names, splits, strict=True):
        if split != "unlabelled":
            (train if split == "train" else held_out).add(key(name))
    return len(train & held_out)

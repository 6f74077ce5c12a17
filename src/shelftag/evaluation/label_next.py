"""label_next.csv: the products to label next, for a person to fill in."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import write_text
from shelftag.catalog.split import token_key
from shelftag.catalog.spreadsheet import spreadsheet_csv
from shelftag.evaluation.active import Order, label_order
from shelftag.evaluation.selective import lead

COLUMNS = ("id", "name", "department", "suggested", "confidence", "margin")


def near_duplicates(names: Sequence[str]) -> NDArray[np.int64]:
    """The same number for names of the same words, [n]."""
    keys = [token_key(name) for name in names]
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def label_next(
    ids: Sequence[int | str],
    names: Sequence[str],
    probabilities: NDArray[np.float32],
    departments: Sequence[str],
    order: Order,
    seed: int,
) -> list[tuple[str, ...]]:
    """Rows of `COLUMNS`, the product to label first first; near-duplicates stand there once.

    Args:
        probabilities: calibrated, [n, departments].
    """
    if not len(names):
        return []
    margins, chosen = lead(probabilities), probabilities.argmax(axis=1)
    return [
        (
            str(ids[row]),
            names[row],
            "",
            departments[chosen[row]],
            f"{probabilities[row, chosen[row]]:.4f}",
            f"{margins[row]:.4f}",
        )
        for row in label_order(probabilities, near_duplicates(names), order, seed).tolist()
    ]


def write_label_next(rows: Sequence[tuple[str, ...]], file: Path) -> None:
    """Replace the file at once; `department` is empty, to be filled in."""
    write_text(file, spreadsheet_csv(COLUMNS, rows))

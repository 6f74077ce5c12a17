"""Labels in doubt, as rows of suspects.csv."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate_products import Products
from pipelines.evaluate_twins import Twin
from shelftag.catalog.departments import Departments
from shelftag.catalog.split import token_key
from shelftag.evaluation.label_noise import Suspects, find_suspects
from shelftag.model.out_of_fold import out_of_fold

SUSPECTS = (
    *("rank", "id", "name", "filed_under", "department", "suggested", "quality"),
    *("twin", "twin_department", "twin_similarity"),
)
"""Columns of the file; `department` is empty, for a person to fill."""


def doubt(
    labelled: Products,
    labels: NDArray[np.int64],
    checked: NDArray[np.int64],
    departments_count: int,
    seed: int,
) -> Suspects:
    """Ask machines that have not learned a product, nor its twins, where it belongs.

    Args:
        checked: rows of which labels are doubted, and from which is learned, [m].
    """
    names, texts = labelled.names, [labelled.texts[row] for row in checked]
    groups = [token_key(names[row]) for row in checked]
    likely = out_of_fold(texts, labels[checked], groups, departments_count, seed)
    found = find_suspects(labels[checked], likely)
    return replace(found, rows=checked[found.rows])


def suspect_rows(
    labelled: Products, found: Suspects, twins: Sequence[Twin], departments: Departments
) -> list[dict[str, Any]]:
    """Rows of suspects.csv, most doubtful first."""
    ids, names, filed_under = labelled.ids, labelled.names, labelled.departments
    each = zip(found.rows, found.suggested, found.quality, twins, strict=True)
    return [
        {
            "rank": rank,
            "id": ids[row],
            "name": names[row],
            "filed_under": filed_under[row],
            "department": "",
            "suggested": departments.names[suggested],
            "quality": float(quality),
            "twin": "" if twin.row is None else names[twin.row],
            "twin_department": "" if twin.row is None else filed_under[twin.row],
            "twin_similarity": twin.similarity,
        }
        for rank, (row, suggested, quality, twin) in enumerate(each, start=1)
    ]

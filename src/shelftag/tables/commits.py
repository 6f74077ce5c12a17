"""What a finished task leaves: its counts, in a file that is there whole or not at all.

    parts of order_lines/ and rejects/, under new names  -->  commits/PIECE.parquet, by a rename

A killed job goes on from its commits: a piece that has one is done, and the parts of one that has
none are nobody's, and are removed in the end.
"""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset
from shelftag.tables.accounting import PieceCounts

COUNTS = b"counts"
"""Key of the counts, as JSON, in the file's metadata."""


def commit(name: str, counts: PieceCounts, purchases: NDArray[np.int64], dataset: Dataset) -> None:
    """Say that a piece is done.

    Args:
        name: of the piece.
        counts: what became of its rows.
        purchases: kept lines of each product, [sides, products]; stored sparse.
        dataset: where its parts are written already.
    """
    rows = np.flatnonzero(purchases.any(axis=0))
    columns = {"product_row": rows, **{str(i): side[rows] for i, side in enumerate(purchases)}}
    table = pa.table(columns).replace_schema_metadata({COUNTS: counts.model_dump_json()})
    file = commit_file(name, dataset)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(file)


def commit_file(name: str, dataset: Dataset) -> Path:
    """Where the commit of a piece stands."""
    return dataset.commits_dir / f"{name}.parquet"


def read_commit(
    name: str, dataset: Dataset, products: int
) -> tuple[PieceCounts, NDArray[np.int64]]:
    """What became of a piece's rows, and the kept lines of each product, [sides, products]."""
    table = pq.read_table(commit_file(name, dataset))
    counts = PieceCounts.model_validate_json(table.schema.metadata[COUNTS])
    rows, *sides = (column.to_numpy() for column in table.columns)
    purchases = np.zeros((len(sides), products), np.int64)
    purchases[:, rows] = sides
    return counts, purchases


def is_done(name: str, dataset: Dataset) -> bool:
    """Whether a piece has a commit, and the parts that it names are whole."""
    try:
        metadata = pq.read_schema(commit_file(name, dataset)).metadata or {}
        counts = PieceCounts.model_validate_json(metadata[COUNTS])
        lines = [pq.read_metadata(dataset.order_lines_dir / part) for part in counts.parts]
        rejects = [pq.read_metadata(dataset.rejects_dir / part) for part in counts.rejects_parts]
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        return False
    kept, rejected = (sum(part.num_rows for part in parts) for parts in (lines, rejects))
    return (kept, rejected) == (counts.kept, sum(counts.reasons.values()))

"""One piece of the order lines, from file to Parquet: the work of one task.

    piece --> chunk --> parse --> join --> drop --+
         '--> chunk --> parse --> join --> drop --+--> one part, its rejects --> commit
         '--> ...                                 '

Chunks are small, so that their memory is used again: pages that the kernel must hand out and
clear first took as long as the joining.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from shelftag.artifacts import Dataset
from shelftag.config.data import DataConfig
from shelftag.tables.accounting import MAX_POSITION, PieceCounts
from shelftag.tables.commits import commit
from shelftag.tables.dimension import Dimension
from shelftag.tables.join import Joined, join
from shelftag.tables.lines import places
from shelftag.tables.parse import Parsed, parse
from shelftag.tables.parts import write_order_lines, write_rejects
from shelftag.tables.ranges import Chunk, Piece, chunks
from shelftag.tables.rejects import Reject, count_reasons, reject
from shelftag.tables.sides import count_purchases, count_sides, with_sides
from shelftag.tables.sources import Source

CHUNK_BYTES = 2**23
CHUNKS_PER_PART = 16


class Merged(NamedTuple):
    """What became of one chunk."""

    read: int
    joined: Joined
    rejects: list[Reject]


class Job(NamedTuple):
    """What all tasks of a job have in common, but for what the lines are joined with."""

    sources: dict[str, tuple[Source, ...]]
    dataset: Dataset
    data: DataConfig


def merge_piece(piece: Piece, job: Job, orders: Dimension, products: Dimension) -> None:
    """Read, parse, join, drop, write, commit.

    Raises:
        Failed: the file is cut off or damaged.
    """
    merged = _merged(piece, job.sources[piece.table][piece.file], orders, products)
    counts = PieceCounts(table=piece.table, bytes=piece.bytes)
    purchases = np.zeros((count_sides(job.data), products.columns.num_rows), np.int64)
    while some := list(islice(merged, CHUNKS_PER_PART)):
        kept, side = with_sides(pa.concat_tables([one.joined.kept for one in some]), job.data)
        counts += _write(kept, some, piece.table, job.dataset)
        product = np.concatenate([one.joined.product for one in some])
        purchases += count_purchases(product, side, purchases.shape)
    commit(piece.name, counts, purchases, job.dataset)


def _merged(
    piece: Piece, source: Source, orders: Dimension, products: Dimension
) -> Iterator[Merged]:
    for chunk in chunks(source, piece, CHUNK_BYTES):
        parsed = parse(chunk, source)
        joined = join(parsed.rows, orders, products)
        unmatched = _unmatched(joined, parsed, chunk, source)
        yield Merged(parsed.read, joined, parsed.rejects + unmatched)


def _unmatched(joined: Joined, parsed: Parsed, chunk: Chunk, source: Source) -> list[Reject]:
    return [
        reject(source, position, reason, raw)
        for reason, rows in joined.unmatched.items()
        if len(rows)
        for position, raw in places(chunk, source, parsed.rejects, rows)
    ]


def _write(kept: pa.Table, merged: list[Merged], table: str, dataset: Dataset) -> PieceCounts:
    """One part of kept lines, one of rejects, and their counts."""
    rejects = [row for one in merged for row in one.rejects]
    position = np.minimum(kept["add_to_cart_order"].to_numpy(), MAX_POSITION + 1)
    return PieceCounts(
        table=table,
        read=sum(one.read for one in merged),
        kept=kept.num_rows,
        dropped=sum(one.joined.dropped for one in merged),
        reasons=count_reasons(rejects),
        baskets=np.bincount(position, minlength=MAX_POSITION + 2)[1:-1].tolist(),
        parts=write_order_lines(kept, dataset.order_lines_dir),
        rejects_parts=write_rejects(rejects, dataset.rejects_dir),
    )

"""One byte range of order lines, from CSV to Parquet: the work of one task."""

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Dataset
from shelftag.tables.accounting import RangeCounts
from shelftag.tables.dimension import Dimension
from shelftag.tables.join import Joined, join
from shelftag.tables.lines import places
from shelftag.tables.parse import Parsed, parse
from shelftag.tables.parts import write_order_lines, write_rejects
from shelftag.tables.ranges import ByteRange, read_range
from shelftag.tables.rejects import Reject, count_reasons, reject
from shelftag.tables.sources import Source


def merge_range(
    part: ByteRange, source: Source, orders: Dimension, products: Dimension, dataset: Dataset
) -> tuple[RangeCounts, NDArray[np.int64]]:
    """Read, parse, join, drop, write.

    Returns:
        What became of the rows, and the kept lines of each product, [products].
    """
    chunk, start = read_range(source, part)
    parsed = parse(chunk, start, source)
    joined = join(parsed.rows, orders, products)
    rejects = parsed.rejects + _unmatched(joined, parsed, chunk, start, source)
    counts = RangeCounts(
        table=part.table,
        bytes=part.end - part.start,
        read=parsed.read,
        kept=joined.kept.num_rows,
        dropped=joined.dropped,
        reasons=count_reasons(rejects),
        part=write_order_lines(joined.kept, dataset.order_lines_dir),
        rejects_part=write_rejects(rejects, dataset.rejects_dir),
    )
    return counts, joined.purchases


def _unmatched(
    joined: Joined, parsed: Parsed, chunk: bytes, start: int, source: Source
) -> list[Reject]:
    return [
        reject(source, position, reason, raw)
        for reason, rows in joined.unmatched.items()
        if len(rows)
        for position, raw in places(chunk, start, parsed.rejects, rows)
    ]

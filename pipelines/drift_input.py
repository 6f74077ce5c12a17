"""The products that `drift` looks at: read from tags, or from a catalog and tagged here.

rows --seeded order--> names that may be compared, up to a sample --> Tagged, feed of each
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.drift_read import PREFIX, READ, read_catalog, read_tags, tag_here
from shelftag.artifacts import Run, Tags
from shelftag.config import Config
from shelftag.errors import InputError
from shelftag.evaluation.drift import Tagged
from shelftag.evaluation.predictions import Origin
from shelftag.tables.drawn import draw, texts
from shelftag.tables.feeds import feeds_of
from shelftag.tagging.columns import Naming
from shelftag.tagging.tagger import REVIEW


@dataclass(frozen=True)
class Drawn:
    """What is compared."""

    products: Tagged
    feeds: NDArray[np.object_] | None
    """The feed of each; None where nothing names one."""
    of: int
    """Rows there were to draw from."""
    unusable: int
    """Rows that were drawn and have no name or no tag."""
    held_out: bool


def read_products(
    path: Path,
    run: Run,
    naming: Naming,
    source_column: str | None,
    rows: int,
    held_out: Origin | None,
    config: Config,
) -> Drawn:
    """Draw products of tags or of a catalog, and see to it that they have tags.

    Args:
        rows: at most so many, drawn with `train.seed`.
        held_out: where its split is by name, only names that it puts into test are drawn.

    Raises:
        ArtifactError: the tags are of another Run, or not complete.
        InputError: a column is missing, or there is nothing to compare.
    """
    shares = held_out.shares if held_out and held_out.protocol == "token_set" else None
    tags = Tags(path)
    if tags.is_complete or tags.is_half_written:
        found = read_tags(tags, run, naming.name_column, source_column)
    else:
        found = read_catalog(path, naming, source_column, config)
    places, nameless = draw(found.table[naming.name_column], rows, shares, config.train.seed)
    chosen, prefix = found.table.take(pa.array(places)), found.prefix
    if prefix is None:
        chosen, prefix = tag_here(chosen, run, naming, config), PREFIX
    if not len(chosen):
        which = "whose name falls to the Run's test split" if shares else "that can be compared"
        way_out = "give more, or say --unseen where all are new to the Run"
        raise InputError(f"{path} has 0 of {found.of:,} products {which}", way_out)
    unusable = found.unread + nameless + len(places) - len(chosen)
    products, feeds = _products(chosen, naming.name_column, prefix), feeds_of(chosen, source_column)
    return Drawn(products, feeds, found.of, unusable, shares is not None)


def _products(table: pa.Table, name_column: str, prefix: str) -> Tagged:
    department, confidence, status = (table[prefix + column] for column in READ)
    return Tagged(
        names=np.array(texts(table[name_column]), object),
        departments=np.array(department.to_pylist(), object),
        confidence=confidence.to_numpy().astype(np.float32),
        review=np.array(status.to_pylist(), object) == REVIEW,
    )

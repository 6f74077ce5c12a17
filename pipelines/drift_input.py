"""The products that `drift` looks at: read from tags, or from a catalog and tagged here.

rows --seeded order--> names that may be compared, up to a sample --> Tagged, feed of each
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.drift_read import (
    ID_COLUMNS,
    PREFIX,
    READ,
    ROWS_PER_STEP,
    read_catalog,
    read_tags,
    tag_here,
)
from shelftag.artifacts import Run, Tags
from shelftag.catalog.split import split_of, token_key
from shelftag.config import Config
from shelftag.errors import InputError
from shelftag.evaluation.drift import Tagged
from shelftag.evaluation.predictions import Origin
from shelftag.tagging.columns import Naming
from shelftag.tagging.tagger import REVIEW

MAX_FEEDS = 200
"""More are no feeds, but a column that says something else."""


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
    by_name = held_out if held_out and held_out.protocol == "token_set" else None
    tags = Tags(path)
    if tags.is_complete or tags.is_half_written:
        found = read_tags(tags, run, naming.name_column, source_column)
    else:
        found = read_catalog(path, naming, source_column, config)
    places, nameless = draw(found.table[naming.name_column], rows, by_name, config.train.seed)
    chosen, prefix = found.table.take(pa.array(places)), found.prefix
    if prefix is None:
        chosen, prefix = tag_here(chosen, run, naming, config), PREFIX
    if not len(chosen):
        which = "whose name falls to the Run's test split" if by_name else "that can be compared"
        way_out = "give more, or say --unseen where all are new to the Run"
        raise InputError(f"{path} has 0 of {found.of:,} products {which}", way_out)
    unusable = found.unread + nameless + len(places) - len(chosen)
    products, feeds = _products(chosen, naming.name_column, prefix), _feeds(chosen, source_column)
    return Drawn(products, feeds, found.of, unusable, by_name is not None)


def draw(
    names: pa.ChunkedArray, rows: int, held_out: Origin | None, seed: int
) -> tuple[NDArray[np.int64], int]:
    """Positions of at most `rows` products, in order, and how many had no name on the way."""
    order = np.random.default_rng(seed).permutation(len(names))
    found: list[int] = []
    nameless = 0
    for start in range(0, len(order), ROWS_PER_STEP):
        some = order[start : start + ROWS_PER_STEP]
        for place, name in zip(some.tolist(), _texts(names.take(pa.array(some))), strict=True):
            nameless += not name.strip()
            if name.strip() and _may_be_compared(name, held_out) and len(found) < rows:
                found.append(place)
        if len(found) == rows:
            break
    return np.array(sorted(found), np.int64), nameless


def _may_be_compared(name: str, held_out: Origin | None) -> bool:
    return held_out is None or split_of(token_key(name), held_out.shares) == "test"


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Values as text; null is empty, and broken UTF-8 is mended, as the Tagger refuses it later."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    raw = column.cast(pa.large_binary()).to_pylist()
    return ["" if value is None else value.decode(errors="replace") for value in raw]


def _products(table: pa.Table, name_column: str, prefix: str) -> Tagged:
    department, confidence, status = (table[prefix + column] for column in READ)
    return Tagged(
        names=np.array(_texts(table[name_column]), object),
        departments=np.array(department.to_pylist(), object),
        confidence=confidence.to_numpy().astype(np.float32),
        review=np.array(status.to_pylist(), object) == REVIEW,
    )


def _feeds(table: pa.Table, source_column: str | None) -> NDArray[np.object_] | None:
    """The feed of each row; None without one.

    Raises:
        InputError: the column has too many values for feeds.
    """
    if source_column is None:
        return _shops(table)
    values = table[source_column].to_pylist()
    feeds = np.array(["(none)" if one is None else str(one) for one in values], object)
    kinds = len(set(feeds))
    if kinds > MAX_FEEDS:
        problem = f"column {source_column!r} has {kinds:,} values, and feeds are {MAX_FEEDS}"
        raise InputError(problem + " at most", "name a column that says where rows came from")
    return feeds


def _shops(table: pa.Table) -> NDArray[np.object_] | None:
    """The part of the ids before "/", where all have one and it names few shops."""
    column = next((name for name in ID_COLUMNS if name in table.column_names), None)
    if column is None:
        return None
    parts = [str(one).partition("/") for one in table[column].to_pylist()]
    shops = np.array([shop for shop, _, _ in parts], object)
    named = all(slash for _, slash, _ in parts)
    return shops if named and len(set(shops)) <= MAX_FEEDS else None

"""Rows for `drift`: of tags, or of a catalog that is tagged in this process."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import Place, Run, Tags
from shelftag.config import Config
from shelftag.errors import ArtifactError, InputError
from shelftag.model.runtime import set_up
from shelftag.progress import Progress
from shelftag.tables.feeds import ID_COLUMNS
from shelftag.tagging.columns import Naming, tag_rows
from shelftag.tagging.inputs import check_input
from shelftag.tagging.tagger import Tagger

READ = ("department", "confidence", "status")
"""The columns of a tag that are read."""

PREFIX = "of drift: "
"""Before those that are made here, so that no catalog has them."""

ROWS_PER_STEP = 2_048
"""Rows between two steps of the progress line."""


@dataclass(frozen=True)
class Found:
    """Rows of tags, or of a catalog that has none yet."""

    table: pa.Table
    prefix: str | None
    """Of the columns with the tags; None where they have none yet."""
    of: int
    unread: int
    """Rows of a file that are no rows."""


def read_tags(tags: Tags, run: Run, name_column: str, source_column: str | None) -> Found:
    """Name, department, confidence, status, and what names the feed.

    Raises:
        ArtifactError: they are of another Run, or not complete.
        InputError: a column is missing, or there are none.
    """
    manifest, ours = tags.manifest(), run.manifest().fingerprint
    if manifest.run != ours:
        problem = f"{tags.place} was tagged by Run {manifest.run[:8]}, and {run.path} is {ours[:8]}"
        raise ArtifactError(problem, "name its own Run, or tag the catalog with this one")
    if manifest.format != "parquet":
        problem = f"the tags of {tags.place} are {manifest.format}, and parquet ones are read"
        raise InputError(problem, "name the catalog itself, or tag it with --format parquet")
    files = [tags.tags / part for part in manifest.parts]
    if not files:
        raise InputError(f"{tags.place} has 0 products with a tag", "tag a catalog with products")
    names = pq.read_schema(files[0].open()).names
    prefix = _prefix(names, tags.place)
    needed = _needed(names, tags.place, [name_column], source_column)
    needed += [prefix + column for column in READ]
    columns = list(dict.fromkeys(needed))  # one may be named as another's
    table = pa.concat_tables(pq.read_table(file.open(), columns=columns) for file in files)
    if pa.types.is_primitive(table.schema.field(name_column).type):
        problem = f"column {name_column!r} of {tags.place} is no text"
        raise InputError(problem, "name a column of text with --name-column")
    return Found(table.unify_dictionaries(), prefix, len(table), 0)


def _prefix(names: Sequence[str], path: Place) -> str:
    """What stands before the names of the tags' columns; of several, those appended last."""
    ends = [name.removesuffix(READ[0]) for name in names if name.endswith(READ[0])]
    whole = [prefix for prefix in ends if all(prefix + column in names for column in READ)]
    if not whole:
        problem = f"{path} has no columns {', '.join(READ)}, only {', '.join(names)}"
        raise InputError(problem, "name a folder that `shelftag tag` made, or a catalog")
    return whole[-1]


def read_catalog(path: Path, naming: Naming, source_column: str | None, config: Config) -> Found:
    """The same without the tags, read as `tag` does.

    Raises:
        InputError: a file or column cannot be used, or there are no rows.
    """
    own = [column for column in (naming.name_column, naming.description_column) if column]
    files = check_input(path, replace(naming, prefix=PREFIX))
    needed = _needed(files.schema.names, path, own, source_column)
    blocks = [files.read(piece) for piece in files.pieces(config.tagging.rows_per_block)]
    unread = sum(len(block.errors) for block in blocks)
    tables = [block.table.select(needed) for block in blocks]
    if not sum(map(len, tables)):
        raise InputError(f"{path} has no rows", "name a catalog with products")
    table = pa.concat_tables(tables).unify_dictionaries()
    return Found(table, None, len(table) + unread, unread)


def _needed(
    names: Sequence[str], path: Path | Place, own: Sequence[str], source_column: str | None
) -> list[str]:
    """Columns to read: the own ones, the feed's, and ids that may name it."""
    for option, column in (("--name-column", own[0]), ("--source-column", source_column)):
        if column is not None and column not in names:
            problem = f"{path} has no column {column!r}, only {', '.join(map(repr, names))}"
            raise InputError(problem, f"name one of them with {option}")
    ids = [column for column in ID_COLUMNS if column in names]
    return list(dict.fromkeys([*own, *([source_column] if source_column else ids)]))


def tag_here(rows: pa.Table, run: Run, naming: Naming, config: Config) -> pa.Table:
    """The rows that have a tag, with the columns of it that are read."""
    if not len(rows):
        return rows
    set_up(config.scaling.threads_per_worker)
    tagger = Tagger.load(run, config.tagging, threads=config.scaling.threads_per_worker)
    progress = Progress("tagged", len(rows))
    columns = [*rows.column_names, *(PREFIX + column for column in READ)]
    parts = []
    for start in range(0, len(rows), ROWS_PER_STEP):
        some = rows.slice(start, ROWS_PER_STEP)
        parts.append(tag_rows(tagger, some, replace(naming, prefix=PREFIX)).table.select(columns))
        progress.add(len(some))
    return pa.concat_tables(parts).unify_dictionaries()

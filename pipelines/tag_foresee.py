"""What `tag --since` would do, found by reading names: nothing is scored, nothing is written.

    names of the catalog --hash--.
                                  +--> new, taken over, gone
    names of the earlier output --'

Eight bytes are kept of each name, so a dry run of a very large catalog needs as much memory.
"""

from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.artifacts import place_of
from shelftag.artifacts.fetched import Where, fetched
from shelftag.config import Config
from shelftag.progress import Progress
from shelftag.tagging.bulk.catalogs import Catalog, Part, check_catalogs, check_rows
from shelftag.tagging.bulk.current import resolved
from shelftag.tagging.bulk.earlier import Earlier, earlier
from shelftag.tagging.bulk.job import tagging_fingerprint
from shelftag.tagging.columns import Naming
from shelftag.tagging.identity import check_run


def foresee(
    *,
    run: Where,
    input: str,  # noqa: A002  (the option's name)
    name_column: str,
    description_column: str | None,
    prefix: str,
    since: str,
    config: Config,
) -> None:
    """Say how many names would be scored.

    Raises:
        Refused: what `tag` would refuse of the Run, the catalog and the earlier output.
    """
    checked, where = check_run(fetched(run)), place_of(input)
    labels = (*checked.departments.names, *config.tagging.new_departments)
    naming = Naming(name_column, description_column, prefix)
    catalogs = check_catalogs(where, naming, config.tagging, labels)
    parts = check_rows(catalogs, where, config.tagging.rows_per_block)
    tagging = tagging_fingerprint(checked.manifest.fingerprint, config.tagging)
    before = earlier(resolved(since), tagging)
    now, old = _names(parts, catalogs), _names_before(before)
    kept = len(np.intersect1d(now, old, assume_unique=True))
    scored = len(now) - kept if before.is_same else len(now)
    print(f"rows {sum(part.piece.rows for part in parts):,}, names {len(now):,}: ", end="")
    print(f"{len(now) - kept:,} new, {kept:,} as before, {len(old) - kept:,} gone")
    why = "" if before.is_same else " (all: the Run, or a setting of tags, is not what it was)"
    print(f"names to score: {scored:,}{why}")


def _names(parts: list[Part], catalogs: tuple[Catalog, ...]) -> NDArray[np.uint64]:
    progress = Progress("names read", sum(part.piece.rows for part in parts))
    found = []
    for part in parts:
        catalog = catalogs[part.catalog]
        rows = catalog.files.read(part.piece, catalog.naming.read_columns).table
        found.append(_hashes(catalog.naming.texts(rows).texts))
        progress.add(part.piece.rows)
    return np.unique(np.concatenate(found))


def _names_before(before: Earlier) -> NDArray[np.uint64]:
    parts = [before.read(one.part, ["text"])["text"] for one in before.manifest.names]
    return np.unique(np.concatenate([np.zeros(0, np.uint64), *map(_hashes, parts)]))


def _hashes(texts: pa.StringArray | pa.ChunkedArray) -> NDArray[np.uint64]:
    values = texts.cast(pa.binary()).to_pylist()
    digests = b"".join(blake2b(value, digest_size=8).digest() for value in values)
    return np.frombuffer(digests, np.uint64)

"""An earlier output of `tag`: which of its names are there again, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Tags, TagsManifest
from shelftag.artifacts.places import one_line
from shelftag.errors import ArtifactError
from shelftag.tagging.bulk.catalogs import called
from shelftag.tagging.bulk.rankings import COLUMNS

WAY_OUT = "leave out --since, or make it again"


@dataclass(frozen=True)
class Earlier:
    """What `--since` names."""

    tags: Tags
    manifest: TagsManifest
    is_same: bool
    """Whether a name's tag would be the same now, so that it need not be scored again."""

    @property
    def called(self) -> tuple[str, ...]:
        """What its job's own map called its labels."""
        return called(self.manifest.labels, self.manifest.config["tagging"]["departments"])

    def read(self, part: str, columns: Sequence[str]) -> pa.Table:
        """Columns of one of its files of names.

        Raises:
            ArtifactError: the file cannot be read.
        """
        try:
            with (self.tags.place / part).open() as file:
                table: pa.Table = pq.read_table(file, columns=list(columns), use_threads=False)
        except (OSError, pa.ArrowException) as error:
            problem = f"{self.tags.place / part}, names of --since, cannot be read"
            raise ArtifactError(f"{problem} ({one_line(error)})", WAY_OUT) from error
        return table


@dataclass(frozen=True)
class Found:
    """What an earlier output has for n names."""

    place: NDArray[np.int64]
    """Row of `names` of each, [n]; -1 for a new one."""
    names: pa.Table
    """Its names in these hashes."""

    @property
    def gone(self) -> int:
        """Names that are not among the n."""
        return len(self.names) - int((self.place >= 0).sum())


def earlier(tags: Tags, tagging: str) -> Earlier:
    """Check what `--since` names.

    Args:
        tagging: fingerprint of what tags depend on now.

    Raises:
        ArtifactError: it is no complete output, or of a version that kept no names, or lacks some.
    """
    manifest = tags.manifest()
    if manifest.unique_names and not manifest.names:
        problem = f"{tags} keeps no names: an older version made it"
        raise ArtifactError(problem, WAY_OUT)
    there = {f"names/{entry.base_name}" for entry in tags.names.entries()}
    gone = [one.part for one in manifest.names if one.part not in there]
    if gone:
        raise ArtifactError(f"{tags} lacks {gone[0]}, which its manifest names", WAY_OUT)
    return Earlier(tags, manifest, manifest.tagging == tagging)


def find(texts: pa.StringArray, hashes: tuple[int, int], since: Earlier) -> Found:
    """The names among those of an earlier output whose hashes are in [first, end)."""
    parts = [
        since.read(one.part, ("text", "hash", *COLUMNS))
        for one in since.manifest.names
        if one.first < hashes[1] and hashes[0] < one.end
    ]
    if not parts:
        return Found(np.full(len(texts), -1), pa.table({"text": pa.array([], pa.string())}))
    names = pa.concat_tables(parts)
    mine = (names["hash"].to_numpy() >= hashes[0]) & (names["hash"].to_numpy() < hashes[1])
    names = names.filter(pa.array(mine)).combine_chunks()
    place = pc.index_in(texts, names["text"].combine_chunks()).fill_null(-1)
    return Found(place.to_numpy(zero_copy_only=False).astype(np.int64), names)

"""A bulk job's work on one piece, and the sum of all pieces."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

import shelftag
from shelftag.artifacts import Tags, TagsManifest, fingerprint, part_name
from shelftag.config import Config
from shelftag.errors import AccountingError
from shelftag.tagging.columns import Naming, TaggedRows, tag_rows
from shelftag.tagging.inputs import CatalogFiles
from shelftag.tagging.pieces import Block, ErrorRow, Piece, errors_table, records
from shelftag.tagging.tagger import Tagger


class PieceCounts(BaseModel):
    """What became of a piece: rows = tagged + errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int
    """Among the pieces, in the order of the input."""
    rows: int
    tagged: int
    errors: int
    unique_names: int
    review: int
    departments: dict[str, int]
    part: str
    """File under `tags/`; empty when no row has a tag."""
    errors_part: str
    """File under `errors/`; empty when there is none."""
    digest: str
    """BLAKE2b-128 of the part."""
    seconds: float


def tag_piece(
    piece: Piece, position: int, tagger: Tagger, files: CatalogFiles, naming: Naming, out: Tags
) -> PieceCounts:
    """Read a piece, tag it, and write its parts.

    Raises:
        Failed: the file cannot be read, or is not what it was.
    """
    started = time.perf_counter()
    block = files.read(piece)
    tagged = tag_rows(tagger, block.table, naming)
    errors = block.errors + _refused_rows(block, tagged)
    part = _write(tagged.table, out.tags_dir)
    return PieceCounts(
        position=position,
        rows=piece.rows,
        tagged=len(tagged.table),
        errors=len(errors),
        unique_names=tagged.unique_names,
        review=tagged.review,
        departments=tagged.departments,
        part=part,
        errors_part=_write(errors_table(piece.file, errors), out.errors_dir),
        digest=fingerprint(out.tags_dir / part) if part else "",
        seconds=time.perf_counter() - started,
    )


def _refused_rows(block: Block, tagged: TaggedRows) -> list[ErrorRow]:
    positions = list(tagged.refused)
    rows = records(block.table.take(positions)) if positions else []
    return [
        ErrorRow(int(block.places[position]), tagged.refused[position], record)
        for position, record in zip(positions, rows, strict=True)
    ]


def _write(table: pa.Table, folder: Path) -> str:
    """Write one part and return its name; none for no rows."""
    if not len(table):
        return ""
    name = part_name()
    pq.write_table(table, folder / name, compression="zstd")
    return name


@dataclass
class Tally:
    """All pieces that are done."""

    pieces: list[PieceCounts] = field(default_factory=list)

    def add(self, counts: PieceCounts) -> None:
        """Count a piece.

        Raises:
            AccountingError: rows of it were lost.
        """
        if counts.rows != counts.tagged + counts.errors:
            raise AccountingError(
                f"{counts.rows} rows in, {counts.tagged} tagged and {counts.errors} errors out",
                "this is a fault of shelftag: please report it",
            )
        self.pieces.append(counts)

    @property
    def names_per_s(self) -> float:
        """Distinct names over the seconds in which actors read, tagged and wrote, all together."""
        return sum(c.unique_names for c in self.pieces) / sum(c.seconds for c in self.pieces)


def publish(out: Tags, run: str, rows_in: int, tally: Tally, config: Config) -> TagsManifest:
    """Complete a tag output whose parts are written.

    Raises:
        AccountingError: rows were lost.
    """
    done = sorted(tally.pieces, key=lambda counts: counts.position)
    parts = tuple(counts.part for counts in done if counts.part)
    _remove_others(out.tags_dir, parts)
    _remove_others(out.errors_dir, (counts.errors_part for counts in done))
    rows_out = sum(pq.read_metadata(out.tags_dir / part).num_rows for part in parts)
    errors = sum(counts.errors for counts in done)
    if rows_in != rows_out + errors:
        raise AccountingError(
            f"{rows_in:,} rows in, {rows_out:,} with a tag and {errors:,} errors out",
            "run the command again; nothing was published",
        )
    departments: Counter[str] = Counter()
    for counts in done:
        departments.update(counts.departments)
    manifest = TagsManifest(
        shelftag=shelftag.__version__,
        fingerprint=fingerprint(run, *(counts.digest for counts in done)),
        config=config.model_dump(mode="json"),
        run=run,
        rows_in=rows_in,
        rows_out=rows_out,
        errors=errors,
        unique_names=sum(counts.unique_names for counts in done),
        review=sum(counts.review for counts in done),
        departments=dict(departments.most_common()),
        parts=parts,
    )
    out.publish(manifest)
    return manifest


def _remove_others(folder: Path, names: Iterable[str]) -> None:
    """Remove what tasks that died left behind: parts that nobody names."""
    named = set(names)
    for file in folder.iterdir():
        if file.name not in named:
            file.unlink()

"""A bulk job in this process: what `shelftag tag` does, without Ray."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shelftag.artifacts import Place, Tags, TagsManifest, place_of
from shelftag.config import Config
from shelftag.tagging.bulk.catalogs import Part, check_catalogs, check_rows
from shelftag.tagging.bulk.commits import Counts, commit
from shelftag.tagging.bulk.earlier import Earlier
from shelftag.tagging.bulk.groups import groups
from shelftag.tagging.bulk.job import Identity, Job
from shelftag.tagging.bulk.names import slot_bits, write_names
from shelftag.tagging.bulk.publish import Done, publish
from shelftag.tagging.bulk.rows import Answers, write_tagged
from shelftag.tagging.bulk.scores import score
from shelftag.tagging.columns import Naming
from shelftag.tagging.tagger import Tagger
from tests import tiny

NAMING = Naming("name")


def write_csv(
    file: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = ("name",)
) -> None:
    """A catalog."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as sink:
        csv.writer(sink).writerows([header, *rows])


def job_of(
    catalog: Path,
    out: Place | Path,
    config: Config = tiny.CONFIG,
    naming: Naming = NAMING,
    since: Earlier | None = None,
) -> tuple[Job, list[Part]]:
    """A job whose output is begun, and its pieces."""
    labels = tuple(sorted(tiny.NOUNS))
    where = place_of(catalog)
    catalogs = check_catalogs(where, naming, config.tagging, labels)
    parts = check_rows(catalogs, where, config.tagging.rows_per_block)
    bits = slot_bits(sum(part.piece.rows for part in parts))
    job = Job("run", catalogs, labels, Tags(out), bits, since, config)
    job.out.begin()
    return job, parts


def do(job: Job, parts: Sequence[Part], tagger: Tagger) -> Done:
    """The three stages."""
    names = [write_names(part, job.catalogs[part.catalog], job.bits, job.out) for part in parts]
    found = groups([one.slots for one in names], job.config.tagging.names_per_block)
    files = [next(iter(one.files)) for one in names]
    scores = [score(group, files, tagger, job) for group in found]
    answers = tuple(one.answers for one in scores)
    rows = [
        write_tagged(
            part,
            job.catalogs[part.catalog],
            Answers(answers, job.labels, one.hashes),
            job.config.tagging.format,
            job.out,
        )
        for part, one in zip(parts, names, strict=True)
    ]
    stages: dict[str, Sequence[Counts]] = {"names": names, "scores": scores, "rows": rows}
    for stage, all_counts in stages.items():
        for counts in all_counts:
            commit(job.out, stage, counts)
    return Done(names, scores, rows, seconds=1.0)


def tag(
    catalog: Path,
    out: Place | Path,
    tagger: Tagger,
    config: Config = tiny.CONFIG,
    naming: Naming = NAMING,
    since: Earlier | None = None,
) -> TagsManifest:
    """The whole."""
    job, parts = job_of(catalog, out, config, naming, since)
    rows_in = sum(part.piece.rows for part in parts)
    return publish(job, do(job, parts, tagger), rows_in, Identity("job", "run", "tagging"))


def read(place: Place) -> pa.Table:
    """A Parquet file."""
    with place.open() as file:
        return pq.read_table(file)


def rows_of(tags: Tags) -> pa.Table:
    """All rows of an output of Parquet files, in the order of the input."""
    return pa.concat_tables([read(tags.tags / part) for part in tags.manifest().parts])

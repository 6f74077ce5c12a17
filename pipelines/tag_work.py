"""The three stages of a bulk job, given to Ray; each goes on from its commits."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, Generic, TypeVar

from pipelines.spread import Lost, spread, spread_to_actors, told
from pipelines.tag_scoring import done_and_said, scoring_actors
from shelftag.tagging.bulk.catalogs import Part
from shelftag.tagging.bulk.commits import Counts, committed, is_begun
from shelftag.tagging.bulk.groups import Group, groups
from shelftag.tagging.bulk.job import Job
from shelftag.tagging.bulk.names import NameCounts, write_names
from shelftag.tagging.bulk.progress import JobProgress
from shelftag.tagging.bulk.publish import Done
from shelftag.tagging.bulk.rows import Answers, RowCounts, write_tagged
from shelftag.tagging.bulk.scorers import scorers, worth
from shelftag.tagging.bulk.scores import ScoreCounts
from shelftag.tagging.pieces import Piece

C = TypeVar("C", bound=Counts)
ATTEMPTS = 3
"""Times the work of a stage is given to Ray, if Ray loses it."""


def work(job: Job, parts: Sequence[Part], progress: JobProgress, started: float) -> Done:
    """The three stages, each of which goes on from its commits."""
    import ray

    known, sizes = ray.put(job), [part.piece.rows for part in parts]
    pieces = [_row(part) for part in parts]
    reading = Stage("names", NameCounts, "names read")
    scoring = Stage("scores", ScoreCounts, "names scored", "names")
    writing = Stage("rows", RowCounts, "rows written")
    asked = scorers(job.config.scaling, is_small=job.is_small)
    early = not is_begun(job.out, scoring.name)
    with scoring_actors(job, asked.threads, early=early) as actors:
        read = partial(spread, what=reading.label, task=_names_task, job=known)
        names = _do(reading, pieces, sizes, read, job, progress)
        files = [next(iter(one.files)) for one in names]
        found = groups([one.slots for one in names], job.config.tagging.names_per_block)
        work = [{"index": one.index, "group": asdict(one)} for one in found]
        counts = [group.names for group in found]

        def give(some: Sequence[dict[str, Any]]) -> Iterator[str]:
            left = [Group(**row["group"]) for row in some]
            count = worth(asked, left, files, job.out)
            return spread_to_actors(some, scoring.label, actors(count), files=ray.put(files))

        scores = _do(scoring, work, counts, give, job, progress)
    answers = tuple(one.answers for one in scores)
    pieces = [{**row, "hashes": one.hashes} for row, one in zip(pieces, names, strict=True)]
    write = partial(
        spread, what=writing.label, task=_rows_task, job=known, answers=ray.put(answers)
    )
    rows = _do(writing, pieces, sizes, write, job, progress)
    return Done(names, scores, rows, time.perf_counter() - started)


@dataclass(frozen=True)
class Stage(Generic[C]):
    """One of the three."""

    name: str
    counts: type[C]
    label: str
    unit: str = "rows"


def _do(
    stage: Stage[C],
    work: Sequence[dict[str, Any]],
    sizes: Sequence[int],
    give: Callable[[Sequence[dict[str, Any]]], Iterator[str]],
    job: Job,
    progress: JobProgress,
) -> list[C]:
    """Do what has no commit yet; the counts of all, in their order.

    Args:
        sizes: how much work each is, for the progress.
        give: gives work to Ray, and says what the tasks say.

    Raises:
        Lost: the work was lost again and again.
    """
    found = committed(job.out, stage.name, stage.counts)
    done = {index: counts for index, counts in found.items() if index < len(work)}
    progress.begin(stage.label, sum(sizes), stage.unit)
    if done:
        print(f"goes on: {stage.label}: {len(done)} of {len(work)} are done", file=sys.stderr)
    for index, counts in done.items():
        progress.add(sizes[index], *_rows_of(counts))
    for attempt in range(ATTEMPTS):
        try:
            left = [row for row in work if row["index"] not in done]
            for said in give(left) if left else ():
                counts = stage.counts.model_validate_json(said)
                done[counts.index] = counts
                progress.add(sizes[counts.index], *_rows_of(counts))
            break
        except Lost as error:
            if attempt + 1 == ATTEMPTS:
                raise
            print(f"{error.problem}: the rest is given out again", file=sys.stderr)
    return [done[index] for index in range(len(work))]


def _rows_of(counts: Counts) -> tuple[int, int]:
    """Rows that are written, and errors among them."""
    return (counts.rows, counts.errors) if isinstance(counts, RowCounts) else (0, 0)


def _row(part: Part) -> dict[str, Any]:
    return {"index": part.index, "catalog": part.catalog, **asdict(part.piece)}


def _part(row: dict[str, Any]) -> Part:
    piece = {field.name: row[field.name] for field in fields(Piece)}
    return Part(row["index"], row["catalog"], Piece(**piece))


def _names_task(row: dict[str, Any], job: Job) -> dict[str, str]:
    def work() -> NameCounts:
        return write_names(part, job.catalogs[part.catalog], job.bits, job.out)

    part = _part(row)
    return told(lambda: done_and_said("names", work, job), f"rows of {part.piece.file}: reading")


def _rows_task(row: dict[str, Any], job: Job, answers: tuple[str, ...]) -> dict[str, str]:
    def work() -> RowCounts:
        own = Answers(answers, job.labels, row["hashes"])
        form = job.config.tagging.format
        return write_tagged(part, job.catalogs[part.catalog], own, form, job.out)

    part = _part(row)
    return told(lambda: done_and_said("rows", work, job), f"rows of {part.piece.file}: writing")

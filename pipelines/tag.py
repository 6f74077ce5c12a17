"""A catalog + Run -> tags, on Ray Data.

    CSV, NDJSON, Parquet --pieces--> [read -> distinct names]         names: a task for each piece
                                              | by hash
                                     [each name scored once]          scores: actors with a Tagger
                                              | answers
                         --pieces--> [read -> gather -> write]        rows: a task for each piece
                                              |
                                              '--> tags/*  errors/*  names/*  review.csv  manifest

Only counts come back to the driver. Every task leaves a commit, and the same command goes on from
them (`shelftag.tagging.bulk`).
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from cluster.local import check_resources, ray_session
from pipelines.spread import Lost, spread, told
from shelftag.artifacts import Place, Run, Tags, TagsManifest, place_of
from shelftag.config import Config
from shelftag.errors import Failed, GateFailed, InputError
from shelftag.tagging.bulk.catalogs import Part, check_catalogs, check_rows
from shelftag.tagging.bulk.commits import Counts, commit, committed
from shelftag.tagging.bulk.current import make_current, resolved
from shelftag.tagging.bulk.earlier import earlier
from shelftag.tagging.bulk.groups import Group, groups
from shelftag.tagging.bulk.job import Job, description, go_on_or_begin, tagging_fingerprint
from shelftag.tagging.bulk.names import NameCounts, slot_bits, write_names
from shelftag.tagging.bulk.progress import JobProgress
from shelftag.tagging.bulk.publish import Done, changed_share, publish
from shelftag.tagging.bulk.rows import Answers, RowCounts, write_tagged
from shelftag.tagging.bulk.scores import ScoreCounts, score
from shelftag.tagging.calibration import Calibration
from shelftag.tagging.columns import Naming
from shelftag.tagging.identity import check_run
from shelftag.tagging.pieces import Piece
from shelftag.tagging.tagger import Tagger

C = TypeVar("C", bound=Counts)
ATTEMPTS = 3
"""Times the work of a stage is given to Ray, if Ray loses it."""


def main(
    *,
    run: Path,
    input: str,  # noqa: A002  (the option's name)
    out: str,
    name_column: str,
    description_column: str | None,
    prefix: str,
    since: str | None = None,
    publish: bool = False,
    overwrite: bool,
    config: Config,
) -> None:
    """Tag a catalog, say what became of its rows, and make it the current one if asked to.

    Raises:
        GateFailed: more of the catalog would change department than `tagging.max_change`.
    """
    from shelftag.tagging.bulk.summary import print_summary

    started, tags = time.perf_counter(), Tags(out)
    naming = Naming(name_column, description_column, prefix)
    manifest = tag(Run(run), input, tags, naming, config, since=since, overwrite=overwrite)
    print_summary(tags, manifest, time.perf_counter() - started)
    print(_on_review(check_run(Run(run)).calibration, config.tagging.threshold))
    check_change(tags, manifest, config.tagging.max_change)
    if publish:
        print(f"published: {make_current(tags)} names {tags.place.base_name}")


def _on_review(calibration: Calibration, threshold: float | None) -> str:
    """Where the line between `tagged` and `review` was, and who drew it."""
    if threshold is not None:
        return f"review: confidence under {threshold:g} (tagging.threshold)"
    return f"review, by the Run's validation products: {calibration.review}"


def check_change(out: Tags, manifest: TagsManifest, most: float | None) -> None:
    """Refuse to go on to publish what changes too much.

    Raises:
        GateFailed: more rows change department than `most`, a share.
    """
    found = changed_share(manifest)
    if most is not None and found is not None and found > most:
        problem = f"{found:.2%} of the rows would change department, and tagging.max_change is"
        way_out = f"look at {out.place / 'changes.csv'}; `shelftag publish {out.place}` takes it"
        raise GateFailed(f"{problem} {most:.2%}; {out} is not published", way_out)


def tag(
    run: Run,
    catalog: str | Path,
    out: Tags,
    naming: Naming,
    config: Config,
    *,
    since: str | None = None,
    overwrite: bool = False,
) -> TagsManifest:
    """Check, read names, score them, write rows, publish.

    Raises:
        Refused: the Run, the catalog or the folder cannot be used; nothing was written.
        AccountingError: rows were lost.
        Failed: a piece could not be tagged.
    """
    started = time.perf_counter()
    checked, where = check_run(run), place_of(catalog)
    out.check_free(overwrite=overwrite)
    _check_apart(where, out.place)
    labels = (*checked.departments.names, *config.tagging.new_departments)
    catalogs = check_catalogs(where, naming, config.tagging, labels)
    parts = check_rows(catalogs, where, config.tagging.rows_per_block)
    rows_in = sum(part.piece.rows for part in parts)
    tagging = tagging_fingerprint(checked.manifest.fingerprint, config.tagging)
    before = earlier(resolved(since), tagging) if since else None
    job = Job(run, catalogs, labels, out, slot_bits(rows_in), before, config)
    with ray_session(config.scaling):
        check_resources(config.scaling, workers=1)  # Ray Data makes do with fewer actors
        go_on_or_begin(out, description(job, tagging), overwrite=overwrite)
        with _written_to(out), JobProgress(out.progress_file, rows_in) as progress:
            done = _work(job, parts, progress, started)
            return publish(job, done, rows_in, checked.manifest.fingerprint, tagging)


def _check_apart(catalog: Place, out: Place) -> None:
    """Refuse to clear the folder that is read."""
    one, other = f"{catalog.path}/", f"{out.path}/"
    if catalog.filesystem == out.filesystem and one.startswith(other):
        raise InputError(f"input {catalog} is in --out {out}", "name another --out")


@contextmanager
def _written_to(out: Tags) -> Iterator[None]:
    """A disk that is full, or goes away, is said in one line."""
    try:
        yield
    except OSError as error:
        problem = f"{out} cannot be written to ({error.strerror or error})"
        raise Failed(problem, "make room there, and give the same command again") from error


def _work(job: Job, parts: Sequence[Part], progress: JobProgress, started: float) -> Done:
    """The three stages, each of which goes on from its commits."""
    import ray

    known = ray.put(job)
    pieces = [_row(part) for part in parts]
    sizes = [part.piece.rows for part in parts]
    reading = Stage("names", NameCounts, "names read")
    names = _do(reading, pieces, sizes, partial(_by_tasks, _names_task, job=known), job, progress)
    found = groups([one.slots for one in names], job.config.tagging.names_per_block)
    scores = _do(
        Stage("scores", ScoreCounts, "names scored", "names"),
        [asdict(group) for group in found],
        [group.names for group in found],
        partial(_by_actors, job, [next(iter(one.files)) for one in names]),
        job,
        progress,
    )
    answers = tuple(one.answers for one in scores)
    pieces = [{**row, "hashes": one.hashes} for row, one in zip(pieces, names, strict=True)]
    writing = Stage("rows", RowCounts, "rows written")
    tasks = partial(_by_tasks, _rows_task, job=known, answers=answers)
    rows = _do(writing, pieces, sizes, tasks, job, progress)
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
    make: Callable[[], dict[str, Any]],
    job: Job,
    progress: JobProgress,
) -> list[C]:
    """Do what has no commit yet; the counts of all, in their order.

    Args:
        sizes: how much work each is, for the progress.
        make: gives the arguments of `Dataset.map`.

    Raises:
        Lost: the work was lost again and again.
    """
    done = committed(job.out, stage.name, stage.counts)
    progress.begin(stage.label, sum(sizes), stage.unit)
    if done:
        print(f"goes on: {stage.label}: {len(done)} of {len(work)} are done", file=sys.stderr)
    for index, counts in done.items():
        progress.add(sizes[index], *_rows_of(counts))
    for attempt in range(ATTEMPTS):
        to_do = [row for row in work if row["index"] not in done]
        try:
            for said in spread(to_do, stage.label, make):
                counts = stage.counts.model_validate_json(said)
                done[counts.index] = counts
                progress.add(sizes[counts.index], *_rows_of(counts))
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


def _by_tasks(task: Any, **arguments: Any) -> dict[str, Any]:
    return {"fn": task, "fn_kwargs": arguments}


def _by_actors(job: Job, files: Sequence[str]) -> dict[str, Any]:
    from ray.data import ActorPoolStrategy

    scaling = job.config.scaling
    return {
        "fn": _ScoringActor,
        "fn_constructor_args": (job, files),
        "compute": ActorPoolStrategy(size=scaling.tagging_actors),
        "num_cpus": scaling.cpus_per_worker,
        "num_gpus": int(scaling.use_gpu),
    }


def _names_task(row: dict[str, Any], job: Any) -> dict[str, str]:
    def work() -> NameCounts:
        return write_names(part, known.catalogs[part.catalog], known.bits, known.out)

    known, part = _known(job), _part(row)
    return told(lambda: _committed("names", work, known), f"rows of {part.piece.file}: reading")


def _rows_task(row: dict[str, Any], job: Any, answers: tuple[str, ...]) -> dict[str, str]:
    def work() -> RowCounts:
        own = Answers(answers, known.labels, row["hashes"])
        form = known.config.tagging.format
        return write_tagged(part, known.catalogs[part.catalog], own, form, known.out)

    known, part = _known(job), _part(row)
    return told(lambda: _committed("rows", work, known), f"rows of {part.piece.file}: writing")


class _ScoringActor:
    """Loads the Tagger once, then takes one group after another."""

    def __init__(self, job: Job, files: Sequence[str]) -> None:
        self._job, self._files = job, files

    @cached_property
    def _tagger(self) -> Tagger:
        from shelftag.model.runtime import set_up

        threads = self._job.config.scaling.threads_per_worker
        set_up(threads)
        tagging = self._job.config.tagging.model_copy(update={"cache_size": 0})  # all are new
        return Tagger.load(self._job.run, tagging, threads=threads)

    def __call__(self, row: dict[str, Any]) -> dict[str, str]:
        group = Group(**row)

        def work() -> ScoreCounts:
            return score(group, self._files, self._tagger, self._job)

        return told(lambda: _committed("scores", work, self._job), "scoring names")


def _committed(stage: str, work: Callable[[], Counts], job: Job) -> str:
    counts = work()
    commit(job.out, stage, counts)
    return counts.model_dump_json()


def _known(job: Any) -> Job:
    import ray

    found: Job = ray.get(job)
    return found

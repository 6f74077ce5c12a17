"""A catalog + Run -> tags, on Ray Data.

    CSV, Parquet --pieces--> [read -> tag each distinct name once -> write] --> tags/*
                                 |              |                              errors/*
                                 '--------------'--> rows that have no tag
                                                       |
                                                       '--counts--> progress.json, manifest

The bracket is one call of an actor that holds a Tagger; only counts come back. A call that dies is
made again and writes under another name, and the manifest names what the finished ones wrote, in
the order of the input.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cluster.local import check_resources, ray_session
from shelftag.artifacts import Run, Tags, TagsManifest
from shelftag.config import Config
from shelftag.errors import Failed, InputError, ShelftagError
from shelftag.tagging.calibration import Calibration
from shelftag.tagging.columns import Naming
from shelftag.tagging.identity import check_run
from shelftag.tagging.inputs import CatalogFiles, check_input
from shelftag.tagging.job import PieceCounts, Tally, publish, tag_piece
from shelftag.tagging.pieces import Piece
from shelftag.tagging.progress import JobProgress
from shelftag.tagging.tagger import Tagger


@dataclass(frozen=True)
class Job:
    """What an actor must know."""

    run: Run
    files: CatalogFiles
    naming: Naming
    out: Tags
    config: Config


def main(
    *,
    run: Path,
    input: Path,  # noqa: A002  (the option's name)
    out: Path,
    name_column: str,
    description_column: str | None,
    prefix: str,
    overwrite: bool,
    config: Config,
) -> None:
    """Tag a catalog, and print what became of its rows."""
    from shelftag.tagging.summary import print_summary

    started, tags = time.perf_counter(), Tags(out)
    naming = Naming(name_column, description_column, prefix)
    manifest, tally = tag(Run(run), input, tags, naming, config, overwrite=overwrite)
    print_summary(tags, manifest, tally.names_per_s, time.perf_counter() - started)
    print(_on_review(check_run(Run(run)).calibration, config.tagging.threshold))


def _on_review(calibration: Calibration, threshold: float | None) -> str:
    """Where the line between `tagged` and `review` was, and who drew it."""
    if threshold is not None:
        return f"review: confidence under {threshold:g} (tagging.threshold)"
    return f"review, by the Run's validation products: {calibration.review}"


def tag(
    run: Run, catalog: Path, out: Tags, naming: Naming, config: Config, *, overwrite: bool = False
) -> tuple[TagsManifest, Tally]:
    """Check, spread, count, publish.

    Raises:
        Refused: the Run, the catalog or the folder cannot be used; nothing was written.
        AccountingError: rows were lost.
        Failed: a piece could not be tagged.
    """
    fingerprint = check_run(run).manifest.fingerprint
    out.check_free(overwrite=overwrite)
    files = check_input(catalog, naming)
    _check_apart(catalog, out)
    pieces = list(files.pieces(config.tagging.rows_per_block))
    rows_in, tally = sum(piece.rows for piece in pieces), Tally()
    if not rows_in:
        raise InputError(f"input {catalog} has no rows", "name a catalog with products")
    with ray_session(config.scaling):
        check_resources(config.scaling, workers=1)  # Ray Data makes do with fewer actors
        out.begin(overwrite=overwrite)
        out.tags_dir.mkdir()
        out.errors_dir.mkdir()
        with JobProgress(out.progress_file, rows_in) as progress:
            for counts in _spread(pieces, Job(run, files, naming, out, config)):
                tally.add(counts)
                progress.add(counts.rows, counts.errors)
            return publish(out, fingerprint, rows_in, tally, config), tally


def _check_apart(catalog: Path, out: Tags) -> None:
    """Refuse to clear the folder that is read."""
    if catalog.resolve().is_relative_to(out.path.resolve()):
        raise InputError(f"input {catalog} is in --out {out.path}", "name another --out")


def _spread(pieces: Sequence[Piece], job: Job) -> Iterator[PieceCounts]:
    """What became of each piece, as they finish.

    Raises:
        Failed: a piece could not be tagged.
    """
    import ray

    # In a task, not here: Ray Data's lines, a false alarm for every actor pool among them, go to
    # Ray's log. Run twice, the results would come in another order, so it is never retried.
    graph = ray.remote(num_cpus=0, max_retries=0, num_returns="streaming")(_graph)
    try:
        for result in graph.remote(pieces, job):
            row = ray.get(result)
            if row["problem"]:
                raise Failed(row["problem"], row["way_out"])
            yield PieceCounts.model_validate_json(row["counts"])
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1]
        raise Failed(f"the work was lost ({reason})", "run the command again") from error


def _graph(pieces: Sequence[Piece], job: Job) -> Iterator[dict[str, str]]:
    """In a task: one call of an actor for each piece."""
    import ray.data

    scaling = job.config.scaling
    rows = [{"position": i, **asdict(piece)} for i, piece in enumerate(pieces)]
    ray.data.DataContext.get_current().enable_progress_bars = False
    graph = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        _TaggingActor,
        fn_constructor_args=(job,),
        compute=ray.data.ActorPoolStrategy(size=min(scaling.tagging_actors, len(rows))),
        num_cpus=scaling.cpus_per_worker,
        num_gpus=int(scaling.use_gpu),
    )
    for row in graph.iter_rows():
        yield row
        if row["problem"]:
            return


class _TaggingActor:
    """Loads the Tagger once, then takes one piece after another.

    What goes wrong is told as a result: Ray Data would give a text of its own for an exception.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    @cached_property
    def _tagger(self) -> Tagger:
        from shelftag.model.runtime import set_up

        threads = self._job.config.scaling.threads_per_worker
        set_up(threads)
        return Tagger.load(self._job.run, self._job.config.tagging, threads=threads)

    def __call__(self, row: dict[str, Any]) -> dict[str, str]:
        job, position = self._job, row.pop("position")
        try:
            counts = tag_piece(Piece(**row), position, self._tagger, job.files, job.naming, job.out)
        except ShelftagError as error:
            return {"counts": "", "problem": error.problem, "way_out": error.way_out}
        except Exception as error:
            problem = f"rows of {row['file']} could not be tagged ({type(error).__name__}: {error})"
            return {"counts": "", "problem": problem, "way_out": "run the command again"}
        return {"counts": counts.model_dump_json(), "problem": "", "way_out": ""}

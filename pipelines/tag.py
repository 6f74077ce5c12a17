"""A catalog + Run -> tags, on Ray.

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

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.local import check_resources, ray_session
from pipelines.tag_checks import (
    check_apart,
    check_change,
    check_gate,
    check_seen,
    of_the_same_job,
)
from pipelines.tag_work import work
from shelftag.artifacts import Tags, TagsManifest, place_of
from shelftag.artifacts.fetched import Where, fetched, whole
from shelftag.config import Config
from shelftag.errors import Failed, InputChanged
from shelftag.tagging.bulk.catalogs import check_catalogs, check_rows
from shelftag.tagging.bulk.current import make_current, resolved
from shelftag.tagging.bulk.earlier import earlier
from shelftag.tagging.bulk.job import (
    Identity,
    Job,
    description,
    forget,
    go_on_or_begin,
    identity_of,
    tagging_fingerprint,
)
from shelftag.tagging.bulk.names import slot_bits
from shelftag.tagging.bulk.progress import JobProgress
from shelftag.tagging.bulk.publish import publish
from shelftag.tagging.calibration import Calibration
from shelftag.tagging.columns import Naming
from shelftag.tagging.identity import check_run


def main(
    *,
    run: Where,
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
    check_gate(since, config)
    from shelftag.tagging.bulk.summary import print_summary

    started, tags = time.perf_counter(), Tags(out)
    naming = Naming(name_column, description_column, prefix)
    manifest = tag(
        run, input, tags, naming, config, since=since, overwrite=overwrite, again=publish
    )
    print_summary(tags, manifest, time.perf_counter() - started)
    print(_on_review(check_run(fetched(run)).calibration, config.tagging.threshold))
    check_change(tags, manifest, config.tagging.max_change)
    if publish:
        print(f"published: {make_current(tags)} names {tags.place.base_name}")


def foresee(*, since: str | None, out: str, publish: bool, overwrite: bool, **given: Any) -> None:  # noqa: ARG001
    """At `--dry-run`: what would be scored, where that depends on an earlier output."""
    from pipelines import tag_foresee

    check_gate(since, given["config"])
    if since is not None:
        tag_foresee.foresee(since=since, **given)


def _on_review(calibration: Calibration, threshold: float | None) -> str:
    """Where the line between `tagged` and `review` was, and who drew it."""
    if threshold is not None:
        return f"review: confidence under {threshold:g} (tagging.threshold)"
    return f"review, by the Run's validation products: {calibration.review}"


def tag(
    run: Where,
    catalog: str | Path,
    out: Tags,
    naming: Naming,
    config: Config,
    *,
    since: str | None = None,
    overwrite: bool = False,
    again: bool = False,
) -> TagsManifest:
    """Check, read names, score them, write rows, publish.

    Args:
        again: whether an output that the same job has finished will do, as it may have died before
            it was the current one.

    Raises:
        Refused: the Run, the catalog or the folder cannot be used; nothing was written.
        AccountingError: rows were lost.
        Failed: a piece could not be tagged.
    """
    started = time.perf_counter()
    checked, where = check_run(fetched(run)), place_of(catalog)
    is_done = again and not overwrite and out.is_complete
    if not is_done:
        out.check_free(overwrite=overwrite)
    check_apart(where, out.place, "input")
    labels = (*checked.departments.names, *config.tagging.new_departments)
    catalogs = check_catalogs(where, naming, config.tagging, labels)
    parts = check_rows(catalogs, where, config.tagging.rows_per_block)
    rows_in = sum(part.piece.rows for part in parts)
    tagging = tagging_fingerprint(checked.manifest.fingerprint, config.tagging)
    before = earlier(resolved(since), tagging) if since else None
    if before:
        check_apart(before.tags.place, out.place, "--since")
    is_small = bool(checked.form.products)
    job = Job(whole(run), catalogs, labels, out, slot_bits(rows_in), before, config, is_small)
    asked = description(job, tagging)
    identity = Identity(identity_of(asked), checked.manifest.fingerprint, tagging)
    if is_done:
        return of_the_same_job(out, identity)
    with ray_session(config.scaling):
        check_resources(config.scaling, workers=1)  # fewer actors than asked for make do
        go_on_or_begin(out, asked, overwrite=overwrite)
        check_seen(job, where)
        with _written_to(out), JobProgress(out.progress_file, rows_in) as progress:
            return publish(job, work(job, parts, progress, started), rows_in, identity)


@contextmanager
def _written_to(out: Tags) -> Iterator[None]:
    """A disk that is full, or goes away, is said in one line; what was read of files that have
    changed is not gone on from."""
    try:
        yield
    except InputChanged:
        forget(out)
        raise
    except OSError as error:
        problem = f"{out} cannot be written to ({error.strerror or error})"
        raise Failed(problem, "make room there, and give the same command again") from error

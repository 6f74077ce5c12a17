"""The end of a bulk job: accounts, queues, manifest."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shelftag
from shelftag.artifacts import ScoredNames, Since, TagsManifest
from shelftag.errors import AccountingError
from shelftag.tagging.bulk.commits import remove_others
from shelftag.tagging.bulk.job import Identity, Job
from shelftag.tagging.bulk.names import NameCounts
from shelftag.tagging.bulk.queues import CHANGES, REVIEW, write_queue
from shelftag.tagging.bulk.rows import RowCounts
from shelftag.tagging.bulk.scores import ScoreCounts

REVIEW_COLUMNS = ("department", "confidence", "alternatives", "candidates")
CHANGES_COLUMNS = ("old_department", "old_confidence", "department", "confidence")


@dataclass(frozen=True)
class Done:
    """What all tasks did, in the order of the input."""

    names: Sequence[NameCounts]
    scores: Sequence[ScoreCounts]
    rows: Sequence[RowCounts]
    seconds: float
    """Of this session: a job that went on took longer."""


def publish(job: Job, done: Done, rows_in: int, identity: Identity) -> TagsManifest:
    """Complete a tag output whose parts are written.

    Raises:
        AccountingError: rows were lost.
    """
    rows_out, errors = (sum(getattr(one, of) for one in done.rows) for of in ("tagged", "errors"))
    lost = [one for one in done.rows if one.rows != one.tagged + one.errors]
    if rows_in != rows_out + errors or lost:
        raise AccountingError(
            f"{rows_in:,} rows in, {rows_out:,} with a tag and {errors:,} errors out",
            "run the command again; nothing was published",
        )
    named = [name for one in (*done.scores, *done.rows) for name in one.files]
    for folder in ("tags", "errors", "names", *_catalog_folders(job)):
        remove_others(job.out, folder, named)
    queues = _write_queues(job, done.scores)
    manifest = TagsManifest(
        shelftag=shelftag.__version__,
        fingerprint=identity.job,
        config=job.config.model_dump(mode="json"),
        run=identity.run,
        rows_in=rows_in,
        rows_out=rows_out,
        errors=errors,
        error_reasons=_added(one.reasons for one in done.rows),
        unique_names=sum(one.unique for one in done.scores),
        scored=sum(one.scored for one in done.scores),
        review=sum(one.review for one in done.rows),
        departments=_added(one.departments for one in done.rows),
        parts=tuple(one.part.removeprefix("tags/") for one in done.rows if one.part),
        format=job.config.tagging.format,
        tagging=identity.tagging,
        labels=job.labels,
        names=tuple(
            ScoredNames(part=one.names, first=one.hashes[0], end=one.hashes[1])
            for one in done.scores
        ),
        since=_since(job, done.scores),
    )
    summary = summarized(manifest, queues, done.seconds)
    (job.out.place / "summary.json").write((json.dumps(summary, indent=2) + "\n").encode())
    job.out.publish(manifest)
    return manifest


def _catalog_folders(job: Job) -> list[str]:
    return [f"tags/{one.name}" for one in job.catalogs if one.name]


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total.most_common())


def _since(job: Job, scores: Sequence[ScoreCounts]) -> Since | None:
    if job.since is None:
        return None
    return Since(
        fingerprint=job.since.manifest.fingerprint,
        reused=sum(one.unique - one.scored for one in scores),
        gone=sum(one.gone for one in scores),
        changed_names=sum(one.changed_names for one in scores),
        changed_rows=sum(one.changed_rows for one in scores),
    )


def _write_queues(job: Job, scores: Sequence[ScoreCounts]) -> dict[str, int]:
    """Queue -> names in it."""
    described = any(one.naming.description_column for one in job.catalogs)
    product = ("name", *(("description",) if described else ()), "rows")
    written = {}
    for queue, columns in ((REVIEW, REVIEW_COLUMNS), (CHANGES, CHANGES_COLUMNS)):
        if queue == REVIEW or job.since:
            parts = [one.queues[queue] for one in scores if queue in one.queues]
            written[queue] = write_queue(queue, parts, [*product, *columns], job.out)
    return written


def summarized(manifest: TagsManifest, queues: Mapping[str, int], seconds: float) -> dict[str, Any]:
    """What summary.json says."""
    return {
        "rows": manifest.rows_in,
        "tagged": manifest.rows_out,
        "errors": manifest.errors,
        "error_reasons": manifest.error_reasons,
        "unique_names": manifest.unique_names,
        "scored": manifest.scored,
        "review": manifest.review,
        "review_share": share(manifest.review, manifest.rows_out),
        "names_for_review": queues[REVIEW],
        "departments": manifest.departments,
        "since": manifest.since.model_dump() if manifest.since else None,
        "changed_share": changed_share(manifest),
        "seconds": round(seconds, 2),
        "names_per_s": round(manifest.unique_names / seconds, 1),
        "rows_per_s": round(manifest.rows_in / seconds, 1),
    }


def share(some: int, of: int) -> float:
    """0 of nothing."""
    return some / of if of else 0.0


def changed_share(manifest: TagsManifest) -> float | None:
    """Rows whose name has another department than before, of all rows; None without a before."""
    return share(manifest.since.changed_rows, manifest.rows_out) if manifest.since else None

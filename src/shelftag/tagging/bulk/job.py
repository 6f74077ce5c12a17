"""A bulk job as its tasks know it, and whether a half-made output is the same job's."""

import json
from dataclasses import dataclass
from typing import Any

import shelftag
from shelftag.artifacts import Tags, fingerprint
from shelftag.artifacts.fetched import Where
from shelftag.config import Config
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError
from shelftag.tagging.bulk.catalogs import Catalog, called, described
from shelftag.tagging.bulk.earlier import Earlier

JOB = "job.json"
TEXTS = 1
"""Version of how names become texts: another makes earlier tags another job's."""


@dataclass(frozen=True)
class Job:
    """What all tasks have in common."""

    run: Where
    catalogs: tuple[Catalog, ...]
    labels: tuple[str, ...]
    out: Tags
    bits: int
    """Slots of names, as a power of two."""
    since: Earlier | None
    config: Config
    is_small: bool = True
    """Whether the Run's model is small, with a forward pass of its own."""

    @property
    def called(self) -> tuple[str, ...]:
        """What the job's own map calls the labels."""
        return called(self.labels, self.config.tagging.departments)


@dataclass(frozen=True)
class Identity:
    """Fingerprints that an output is known by."""

    job: str
    """Of what was asked for: the input as it was, the columns, the Run, the settings."""
    run: str
    tagging: str
    """Of what a name's tag depends on."""


def tagging_fingerprint(run: str, tagging: TaggingConfig) -> str:
    """Over all that a name's tag depends on: the Run (weights, departments, calibration), and the
    settings of tags."""
    own = tagging.model_dump(mode="json", include={"top_k", "threshold", "new_departments"})
    return fingerprint(run, json.dumps([TEXTS, own], sort_keys=True))


def description(job: Job, tagging: str) -> dict[str, Any]:
    """What a job that goes on must have in common with the one that began."""
    own = job.config.tagging.model_dump(
        mode="json", include={"departments", "format", "rows_per_block", "names_per_block"}
    )
    return {
        "shelftag": shelftag.__version__,
        "catalogs": described(job.catalogs),
        "tagging": tagging,
        "settings": own,
        "since": job.since.manifest.fingerprint if job.since else None,
    }


def identity_of(description: dict[str, Any]) -> str:
    """Of a job."""
    return fingerprint(json.dumps(description, sort_keys=True))


def go_on_or_begin(out: Tags, job: dict[str, Any], *, overwrite: bool) -> None:
    """Take up what the same command left half-made, or make the folder empty.

    Raises:
        ArtifactError: another job's half-made output is there, or its input has changed.
    """
    file = out.work / JOB
    written = json.dumps(job, sort_keys=True)
    asked = json.loads(written)  # as it is read: with lists in place of tuples
    if out.is_half_written and not out.is_complete:
        before = _read(out)
        if before is not None and before == asked:
            out.hold()
            return
        if before is not None and not overwrite:
            problem = f"{out} was begun by another job ({_difference(before, asked)})"
            raise ArtifactError(problem, "name another --out, or begin anew with --overwrite")
    out.begin()
    file.write(written.encode())


def forget(out: Tags) -> None:
    """What is half-made is nobody's: the next job begins anew."""
    (out.work / JOB).remove()


def _read(out: Tags) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((out.work / JOB).read())
    except (OSError, ValueError):
        return None
    return found


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What differs, in words."""
    for name, catalog in now["catalogs"].items():
        old = before.get("catalogs", {}).get(name, {})
        for file, state in catalog["files"].items():
            if file in old.get("files", {}) and old["files"][file] != state:
                return f"{file} has changed since"
        if sorted(old.get("files", {})) != sorted(catalog["files"]):
            return "of other input files"
        for part in ("columns", "departments"):
            if old.get(part) != catalog[part]:
                return f"with other {part}"
    if before.get("tagging") != now["tagging"]:
        return "with another Run or other settings of tags"
    differs = [key for key in now if before.get(key) != now[key]]
    return f"with other {', '.join(differs)}"

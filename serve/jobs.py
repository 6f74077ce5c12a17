"""Bulk jobs: the `tag` pipeline on the cluster, by Ray's job API.

    POST --> checked paths --> submit --> Ray's head: python -m pipelines tag --> OUT/tags
    GET  <-- state (Ray) + rows (OUT/progress.json)

Nothing is kept here: Ray's head knows the jobs, and their metadata says which are ours. So they
outlive the endpoint, and any copy of it can be asked. The job API is the dashboard's; its address
is known to the GCS.
"""

import json
import shlex
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cluster.local import runtime_env
from shelftag.artifacts import Tags
from shelftag.config import Config

MARK = "shelftag_job"
"""Metadata key of a job that was started here."""
STOP_WAIT_S = 5.0
CLOCKS_APART_S = 5.0

Text = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]
State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: dict[str, State] = {
    "PENDING": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "STOPPED": "cancelled",
}
LIVE = ("queued", "running")


class JobOptions(BaseModel):
    """As those of `shelftag tag`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_column: Text = "product_name"
    description_column: Text | None = None
    prefix: Text = Field(default="", description="Put before the names of the new columns.")
    threshold: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=1, le=1_000)


class JobRequest(BaseModel):
    """A catalog to tag on the cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Text = Field(description="CSV or Parquet file, or a folder, under serve.jobs_input.")
    output: Text = Field(description="Folder for the tags, under serve.jobs_output.")
    options: JobOptions = JobOptions()
    model: Text | None = Field(default=None, description="As for /v1/tag.")


class Job(BaseModel):
    """A bulk job, and how far it is."""

    id: str
    state: State
    input: str
    output: str
    model: str = Field(description="Name of the Run.")
    rows_done: int | None = None
    rows_total: int | None = None
    errors: int | None = Field(default=None, description="Rows without a tag, among those done.")
    message: str = Field(default="", description="What it waits for, or why it failed.")
    submitted: datetime | None = None
    ended: datetime | None = None


def entrypoint(run: Path, source: Path, out: Path, asked: JobRequest, config: Config) -> str:
    """The shell command of a job; every word is quoted, and every option has its `=`."""
    options = asked.options
    words = [sys.executable, "-m", "pipelines", "tag"]
    words += [f"--run={run}", f"--input={source}", f"--out={out}"]
    words += [f"--name-column={options.name_column}", f"--prefix={options.prefix}"]
    if options.description_column is not None:
        words.append(f"--description-column={options.description_column}")
    return shlex.join(words + settings(options, config))


def settings(options: JobOptions, config: Config) -> list[str]:
    """What differs from the defaults, as key=value: the endpoint's own, and the request's."""
    given = {"scaling.address": "auto"}
    for section, plain in (("scaling", Config().scaling), ("tagging", Config().tagging)):
        now = getattr(config, section).model_dump(mode="json", exclude={"address"})
        before = plain.model_dump(mode="json")
        changed = {f"{section}.{key}": value for key, value in now.items() if value != before[key]}
        given |= {key: json.dumps(value) for key, value in changed.items()}
    for key in ("threshold", "top_k"):
        if getattr(options, key) is not None:
            given[f"tagging.{key}"] = json.dumps(getattr(options, key))
    return [f"{key}={value}" for key, value in given.items()]


def submit(client: Any, identity: str, command: str, described: Mapping[str, str]) -> None:
    """Hand a job to Ray."""
    client.submit_job(
        submission_id=identity,
        entrypoint=command,
        runtime_env=runtime_env(),
        metadata={MARK: "tag", **described},
    )


def listed(client: Any, root: Path) -> list[Job]:
    """Our jobs, the newest first."""
    ours = [one for one in client.list_jobs() if MARK in (one.metadata or {})]
    return [described(one, root) for one in sorted(ours, key=lambda one: -(one.start_time or 0))]


def stop(client: Any, identity: str) -> None:
    """Stop a job, and wait a little until it has."""
    client.stop_job(identity)
    until = time.monotonic() + STOP_WAIT_S
    while time.monotonic() < until and STATES[client.get_job_status(identity)] in LIVE:
        time.sleep(0.2)


def described(details: Any, root: Path) -> Job:
    """A job, from Ray's `JobDetails` and its progress file."""
    told = details.metadata or {}
    state = STATES[details.status]
    job = Job(
        id=details.submission_id,
        state=state,
        input=told.get("input", ""),
        output=told.get("output", ""),
        model=told.get("model", ""),
        message=reason(details.message or "") if state == "failed" else "",
        submitted=_time(details.start_time),
        ended=_time(details.end_time),
    )
    return job.model_copy(update=progress(root / job.output, job)) if job.output else job


def _time(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1e3, UTC)


def reason(message: str) -> str:
    """What the command said last, of all that Ray tells."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("shelftag: ")]
    return (said or lines or [""])[-1].removeprefix("shelftag: ")


def progress(out: Path, job: Job) -> dict[str, int]:
    """Rows done, all rows and errors; none where the file is of another job in the same folder."""
    file = Tags(out).progress_file
    try:
        written = file.stat().st_mtime
        told = json.loads(file.read_bytes())
        rows = {key: int(told[key]) for key in ("rows_done", "rows_total", "errors")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    begun = job.submitted.timestamp() if job.submitted else 0.0
    ended = job.ended.timestamp() if job.ended else float("inf")
    return rows if begun - CLOCKS_APART_S <= written <= ended + CLOCKS_APART_S else {}

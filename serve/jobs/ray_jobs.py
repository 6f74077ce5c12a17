"""Bulk jobs: the `tag` pipeline on the cluster, by Ray's job API.

    POST --> checked paths --> submit --> Ray's head: python -m pipelines tag --> OUT/tags
    GET  <-- state (Ray) + rows (OUT/progress.json)

Nothing is kept here: Ray's head knows the jobs, and their metadata says which are ours. So they
outlive the endpoint, and any copy of it can be asked. The job API is the dashboard's; its address
is known to the GCS.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from cluster import job_api, jobs
from cluster.code import runtime_env
from cluster.jobs import ENDPOINT, LIVE, STATES, State, details_of, moment, reason
from serve.jobs.paths import without
from serve.problems import Problem
from shelftag.artifacts import Tags

MARK = ENDPOINT
MAY_HAVE_STARTED = "the job may have started all the same, GET /v1/jobs tells"
MAY_HAVE_STOPPED = "the job may have been told to stop all the same, GET /v1/jobs tells"
TOLD_TO_STOP = "was told to stop, and has not ended yet"
STOP_WAIT_S = 5.0
"""Ray kills what has not ended 3 s after it was told to."""
STATE_TIMEOUT_S = 5
SCORING, READING = "ScoringActor", "_names_task"
"""Actors and tasks of `pipelines.tag`, which is above us."""
WAITING = {"PENDING_CREATION", "DEPENDENCIES_UNREADY", "PENDING_NODE_ASSIGNMENT"}
"""States of Ray's actors and tasks that have no place yet."""
CLOCKS_APART_S = 5.0
COUNTS = {"rows_done", "rows_total", "errors", "stage_done", "stage_total"}

Roots = tuple[Path, Path]
"""Folders of inputs and outputs."""


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
    stage: str | None = Field(default=None, description="Rows are done in the last of three.")
    stage_done: int | None = None
    stage_total: int | None = None
    message: str = Field(default="", description="What it waits for, or why it failed.")
    submitted: datetime | None = None
    ended: datetime | None = None


def address() -> str:
    """The GCS of the cluster this process is part of; "auto" may be another one's."""
    import ray

    return str(ray.get_runtime_context().gcs_address)


def client(timeout_s: float) -> Any:
    """Ray's `JobSubmissionClient`, each of whose requests has a deadline; it has none of its own.

    Raises:
        ConnectionError: the dashboard does not answer.
    """
    return job_api.client(address(), timeout_s)


def submit(client: Any, identity: str, command: str, described: Mapping[str, str]) -> None:
    """Hand a job to Ray.

    Raises:
        ConnectionError: there was no answer; the job may have started.
        Problem: 503 the code cannot be sent to the cluster, as where its folder has too much in it.
    """
    try:
        with runtime_env() as code:
            client.submit_job(
                submission_id=identity,
                entrypoint=command,
                runtime_env=code,
                metadata={MARK: "tag", **described},
            )
    except OSError as error:
        raise ConnectionError(f"{MAY_HAVE_STARTED}; {error}") from error
    except ValueError as error:  # of Ray's packaging: it names the size and the limit
        detail = f"the endpoint's code cannot be sent to the cluster ({str(error)[:300]})"
        way_out = "its operators see what else lies in its folders"
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{detail}: {way_out}") from error


def listed(client: Any, roots: Roots, most: int) -> list[Job]:
    """Our jobs, the newest first; each costs a look at its file, and a live one at Ray's actors."""
    return [described(client, details, roots) for details in _ours(client)[:most]]


def outputs_of_live(client: Any) -> list[str]:
    """Where jobs write now."""
    live = [one.metadata for one in _ours(client) if STATES[one.status] in LIVE]
    return [told["output"] for told in live if told.get("output")]


def _ours(client: Any) -> list[Any]:
    ours = [one for one in client.list_jobs() if MARK in (one.metadata or {})]
    return sorted(ours, key=lambda details: details.start_time or 0, reverse=True)


def found(client: Any, identity: str, roots: Roots) -> Job | None:
    """One of our jobs, if there is one of that name."""
    details = details_of(client, identity)
    if details is None or MARK not in (details.metadata or {}):
        return None
    return described(client, details, roots)


def stop(client: Any, identity: str, wait_s: float) -> None:
    """Stop a job, and wait a little until it has: `wait_s`, and STOP_WAIT_S at most."""
    jobs.stop(client, identity, min(wait_s, STOP_WAIT_S))


def described(client: Any, details: Any, roots: Roots) -> Job:
    """A job, from Ray's `JobDetails` and its progress file."""
    told, state = details.metadata, STATES[details.status]
    job = Job(
        id=details.submission_id,
        state=state,
        input=told.get("input", ""),
        output=told.get("output", ""),
        model=told.get("model", ""),
        message=_relative(reason(details.message or ""), roots) if state == "failed" else "",
        submitted=moment(details.start_time),
        ended=moment(details.end_time),
    )
    job = job.model_copy(update=progress(roots[1] / job.output, job))
    waits = ""
    if state in LIVE and not job.stage_done:
        waits = waiting(client, details.job_id) if details.job_id else "waits to be started by Ray"
    return job.model_copy(update={"state": "queued", "message": waits}) if waits else job


def waiting(client: Any, ray_job: str) -> str:
    """What a job waits for whose workers cannot be started; empty where they run."""
    import ray
    from ray.util.state import list_actors, list_tasks
    from ray.util.state.exception import RayStateApiException

    try:
        asked = [("job_id", "=", ray_job)]
        told = {"address": client.get_address(), "filters": asked, "timeout": STATE_TIMEOUT_S}
        actors, tasks = list_actors(**told), list_tasks(**told)
    except RayStateApiException:  # what it waits for is told when Ray can
        return ""
    scoring = [one.state for one in actors if one.class_name == SCORING]
    reading = [one.state for one in tasks if one.name == READING]
    if not (scoring or reading) or set(scoring or reading) - WAITING:
        return ""
    free, have = ray.available_resources(), ray.cluster_resources()
    cores = f"{free.get('CPU', 0):g} of the cluster's {have.get('CPU', 0):g} CPU cores"
    return f"waits for free cores for its worker: {cores} are free (others end, or serve.replicas)"


def _relative(message: str, roots: Roots) -> str:
    for root in roots:
        message = without(root, message)
    return message


def progress(out: Path, job: Job) -> dict[str, Any]:
    """How far the job's file says it is; nothing where it is of another job in the same folder."""
    file = Tags(out).progress_file
    try:
        written = (file.info().mtime_ns or 0) / 1e9
        told = json.loads(file.read())
        rows = {key: int(told[key]) for key in COUNTS} | {"stage": str(told["stage"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    begun = job.submitted.timestamp() if job.submitted else 0.0
    ended = job.ended.timestamp() if job.ended else float("inf")
    return rows if begun - CLOCKS_APART_S <= written <= ended + CLOCKS_APART_S else {}

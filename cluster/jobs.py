"""Jobs on a cluster as Ray's job API knows them: list, look at, follow, stop.

Nothing is kept here: Ray's head knows the jobs, and their metadata says which are ours.
"""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from shelftag.errors import Failed, InputError

VERB = "shelftag_verb"
"""Metadata key of a job that was submitted by command: its verb."""
ENDPOINT = "shelftag_job"
"""Metadata key of a job that the endpoint started: its verb."""
LOST_S = 60.0
"""How long a cluster that a job is followed on may be away."""
LOOK_S = 0.5
SILENT_S = 5.0
"""How long a job may wait before it is said what for."""

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: dict[str, State] = {
    "PENDING": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "STOPPED": "cancelled",
}
LIVE = ("queued", "running")


@dataclass(frozen=True)
class Job:
    """One of our jobs."""

    id: str
    verb: str
    state: State
    since: datetime | None
    """When it was submitted, in UTC."""
    seconds: float
    """From then to its end, or till now."""
    command: str
    message: str
    """What Ray says of it, with the end of the log of one that failed."""
    code: int | None
    """The command's exit code, once it has one."""

    @property
    def is_live(self) -> bool:
        """Whether it waits or runs."""
        return self.state in LIVE


def listed(client: Any) -> list[Job]:
    """Our jobs that Ray remembers, the newest first."""
    ours = [one for one in client.list_jobs() if one.submission_id and _verb(one)]
    ours.sort(key=lambda details: details.start_time or 0, reverse=True)
    return [_job(details) for details in ours]


def found(client: Any, identity: str) -> Job:
    """One of our jobs.

    Raises:
        InputError: there is none of that id.
    """
    details = details_of(client, identity) if re.fullmatch(r"[\w-]+", identity) else None
    if details is None or not _verb(details):
        way_out = "`shelftag jobs` lists those that the cluster remembers"
        raise InputError(f"job {identity!r} is unknown on the cluster", way_out)
    return _job(details)


def details_of(client: Any, identity: str) -> Any | None:
    """Ray's `JobDetails`, if there is a job of that id, which becomes a part of a URL."""
    try:
        return client.get_job_info(identity)
    except RuntimeError as error:
        if "404" in str(error):
            return None
        raise


def _verb(details: Any) -> str:
    told = details.metadata or {}
    return str(told.get(VERB) or told.get(ENDPOINT) or "")


def _job(details: Any) -> Job:
    since, ended = moment(details.start_time), moment(details.end_time)
    seconds = ((ended or datetime.now(UTC)) - since).total_seconds() if since else 0.0
    return Job(
        id=details.submission_id,
        verb=_verb(details),
        state=STATES[details.status],
        since=since,
        seconds=max(seconds, 0.0),
        command=details.entrypoint,
        message=details.message or "",
        code=details.driver_exit_code,
    )


def moment(unix_ms: int | None) -> datetime | None:
    """A time as Ray tells it."""
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1e3, UTC)


def reason(message: str) -> str:
    """What the command said last, of all that Ray tells."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("shelftag: ")]
    return (said or lines or [""])[-1].removeprefix("shelftag: ")


def stop(client: Any, identity: str, wait_s: float) -> None:
    """Stop a job, and wait a little until it has."""
    until = time.monotonic() + wait_s
    client.stop_job(identity)
    while time.monotonic() < until and STATES[client.get_job_status(identity)] in LIVE:
        time.sleep(0.2)


def follow(client: Any, identity: str, write: Callable[[str], object]) -> Job:
    """Pass on a job's log, from its beginning, until it ends; a lost connection is taken up again.

    Raises:
        Failed: the cluster is away for LOST_S.
    """
    job, log, answered = _started(client, identity, write), _Log(write), time.monotonic()
    while job.is_live:
        with suppress(OSError, RuntimeError):  # looked at next
            asyncio.run(log.tail(client, identity))
        try:
            job, answered = found(client, identity), time.monotonic()
        except (OSError, RuntimeError) as error:
            if time.monotonic() - answered > LOST_S:
                problem = f"the cluster has not answered for {LOST_S:g} s"
                raise Failed(problem, "the job may go on; look again when it does") from error
        if job.is_live:
            time.sleep(LOOK_S)
    if not log.passed:  # it ended before it was looked at
        write(client.get_job_logs(identity))
    return job


def _started(client: Any, identity: str, write: Callable[[str], object]) -> Job:
    """Wait for a job to run, and say what it waits for."""
    said = ""
    while (job := found(client, identity)).state == "queued":
        if job.seconds > SILENT_S and job.message != said:
            said = job.message
            write(f"{said}\n")
        time.sleep(LOOK_S)
    return job


class _Log:
    """A job's log, each part of it passed on once, however often it is read from its beginning."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self.passed = 0
        """Characters."""

    async def tail(self, client: Any, identity: str) -> None:
        """Pass on what comes, until the job or the connection ends."""
        position = 0
        async for text in client.tail_job_logs(identity):
            self._write(text[max(self.passed - position, 0) :])
            position += len(text)
            self.passed = max(self.passed, position)

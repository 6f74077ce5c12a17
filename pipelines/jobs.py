"""`shelftag jobs`: what runs on a cluster, and what ran; follow one, or stop it."""

import sys
from typing import TYPE_CHECKING, Any

from shelftag.config import Config
from shelftag.errors import ConfigError, Failed

if TYPE_CHECKING:
    from cluster.jobs import Job

STOP_WAIT_S = 70.0
"""A little more than a job has to end in."""
PASSED_ON = (1, 2, 130)
"""Exit codes of a job that said in its log what was wrong."""


def main(*, job: str, address: str | None, follow: bool, stop: bool, config: Config) -> int:
    """List the jobs, or show, follow or stop one.

    Raises:
        InputError: the cluster cannot be asked, or does not know the job.
        Failed: a job that was followed did not end by itself.
    """
    from cluster import job_api, jobs

    del config  # it is the job's own that counts
    if not job and (follow or stop):
        raise ConfigError("jobs --follow and --stop are of one job", "name it: shelftag jobs JOB")
    client, url = job_api.connected(address)
    with job_api.reaching(url):
        if not job:
            _show_all(jobs.listed(client), url)
            return 0
        one = jobs.found(client, job)
        if stop and one.is_live:
            jobs.stop(client, job, STOP_WAIT_S)
            one = jobs.found(client, job)
    if follow:
        return followed(client, url, job)
    _show(one)
    return 0


def followed(client: Any, url: str, job: str) -> int:
    """Pass on the log of a job until it ends; gives its exit code.

    Ctrl-C leaves it running, and says how to come back.

    Raises:
        Failed: it did not end by itself, or the cluster went away.
    """
    from cluster import job_api, jobs

    try:
        with job_api.reaching(url):
            ended = jobs.follow(client, job, _write)
    except KeyboardInterrupt:
        print(f"\nshelftag: job {job} goes on\n{told_where(job, url)}", file=sys.stderr)
        raise
    return exit_code(ended)


def exit_code(job: "Job") -> int:
    """That of the job's command.

    Raises:
        Failed: it was stopped or killed, or never started.
    """
    from cluster.jobs import reason

    if job.state == "done":
        return 0
    if job.state == "cancelled":
        raise Failed(f"job {job.id} was stopped", "the same command goes on where it can")
    if job.code in PASSED_ON:
        return job.code
    code = f" with exit code {job.code}" if job.code is not None else ""
    raise Failed(f"job {job.id} failed{code} ({reason(job.message)})", "see its log for more")


def told_where(job: str, url: str) -> str:
    """How to come back to a job."""
    command = f"shelftag jobs {job} --address {url}"
    return f"to follow it: {command} --follow\nto stop it:   {command} --stop"


def _write(text: str) -> None:
    print(text, end="", flush=True)


def _show_all(jobs: "list[Job]", url: str) -> None:
    if not jobs:
        print(f"no jobs on {url}")
        return
    rows = [("job", "verb", "state", "since", "duration"), *map(_row, jobs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _row(job: "Job") -> tuple[str, str, str, str, str]:
    since = f"{job.since.astimezone():%Y-%m-%d %H:%M:%S}" if job.since else ""
    return job.id, job.verb, job.state, since, _duration(job.seconds)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _show(job: "Job") -> None:
    from cluster.jobs import reason

    names = ("job", "verb", "state", "since", "duration")
    told = dict(zip(names, _row(job), strict=True)) | {"command": job.command}
    if job.state in ("failed", "queued"):
        told["message"] = reason(job.message)
    for name, value in told.items():
        print(f"{name:<9} {value}")

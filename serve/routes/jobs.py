"""Bulk jobs over HTTP. Ray's job API is blocking HTTP, so it has threads of its own.

Jobs are submitted in a thread of their own, one after the other: what is checked before (a free
output, no more than serve.max_jobs) is still so when Ray has the job. That is so within a copy; of
two copies that take jobs at the same moment, neither sees the other's yet.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath

from cluster.job_api import AGENT_PORT
from cluster.jobs import LIVE
from serve.bodies import described, read_body
from serve.jobs import ray_jobs
from serve.jobs.paths import input_path, output_path
from serve.jobs.ray_jobs import MAY_HAVE_STOPPED, TOLD_TO_STOP, Job, Roots
from serve.jobs.requests import JobRequest, entrypoint
from serve.problems import Problem
from serve.service import Service
from shelftag.artifacts.fetched import name_of
from shelftag.config.serve import ServeConfig
from shelftag.tagging.columns import Naming

PREFIX = "shelftag-"
SHARE_OF_TIMEOUT = 0.8
"""Of serve.timeout_s: then the job API is given up, so that the answer says so."""
SHARE_OF_REQUEST = 0.4
"""Of serve.timeout_s, for one request to the job API: no thread is held longer by one."""
SHARE_OF_STOP = 0.4
"""Of serve.timeout_s, for a job to end once it is told to; the rest is left to ask for it."""
THREADS = 2
LISTED = 100
RETRY_AFTER_S = "5"

JobId = Annotated[str, InPath(max_length=100)]
Result = TypeVar("Result")


def router(service: Service, settings: ServeConfig) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["jobs"])
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="jobs")
    submitting = ThreadPoolExecutor(1, thread_name_prefix="jobs-submit")
    ask = partial(_ask, threads, settings.timeout_s)
    wait_s = SHARE_OF_STOP * settings.timeout_s

    @routes.post("/v1/jobs", status_code=202, openapi_extra=described(JobRequest))
    async def submit(request: Request) -> Job:
        """Tag a catalog that lies on the cluster's storage; the tags are written there too."""
        _roots(settings)
        asked = await read_body(request, JobRequest)
        submitted = partial(_submit, asked=asked, service=service, settings=settings)
        but = f"; {ray_jobs.MAY_HAVE_STARTED}"
        return await _ask(submitting, settings.timeout_s, submitted, but)

    @routes.get("/v1/jobs")
    async def jobs(limit: Annotated[int, Query(ge=1, le=1_000)] = LISTED) -> list[Job]:
        """The newest jobs that Ray remembers, the newest first."""
        roots = _roots(settings)
        return await ask(lambda client: ray_jobs.listed(client, roots, limit))

    @routes.get("/v1/jobs/{id}")
    async def job(id: JobId) -> Job:  # noqa: A002  (the path's name)
        """One job: its state, and the rows that are done."""
        roots = _roots(settings)
        return await ask(lambda client: _found(client, id, roots))

    @routes.delete("/v1/jobs/{id}")
    async def cancel(id: JobId) -> Job:  # noqa: A002
        """Stop a job. What it wrote stays half-written, and another job may replace it."""
        stopped = partial(_cancelled, identity=id, roots=_roots(settings), wait_s=wait_s)
        return await ask(stopped, but=f"; {MAY_HAVE_STOPPED}")

    return routes


def _roots(settings: ServeConfig) -> Roots:
    """Folders of inputs and outputs.

    Raises:
        Problem: 404 there are none.
    """
    if settings.jobs_input is None or settings.jobs_output is None:
        detail = "jobs are off (set serve.jobs_input and serve.jobs_output)"
        raise Problem(HTTPStatus.NOT_FOUND, detail)
    return settings.jobs_input, settings.jobs_output


async def _ask(
    threads: ThreadPoolExecutor,
    timeout_s: float,
    question: Callable[[Any], Result],
    but: str = "",
) -> Result:
    """Do something with Ray's job API; `but` is what is said beside, where it does not answer.

    One that waits for a thread is dropped when it is given up; one that is at work goes on.

    Raises:
        Problem: 503 it does not answer.
    """
    work = partial(_with_client, SHARE_OF_REQUEST * timeout_s, question)
    future = asyncio.get_running_loop().run_in_executor(threads, work)
    patience_s = SHARE_OF_TIMEOUT * timeout_s
    try:
        return await asyncio.wait_for(future, patience_s)
    except TimeoutError:
        raise _away(f"no answer in {patience_s:g} s{but}") from None


def _with_client(request_timeout_s: float, question: Callable[[Any], Result]) -> Result:
    try:
        return question(ray_jobs.client(request_timeout_s))
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise _away(reason) from error


def _away(reason: str) -> Problem:
    detail = f"Ray's job API does not answer ({reason[:300]})"
    way_out = f"see that the dashboard runs, and that no other Ray here has port {AGENT_PORT}"
    after = {"Retry-After": RETRY_AFTER_S}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{detail}: {way_out}", after)


def _submit(client: Any, asked: JobRequest, service: Service, settings: ServeConfig) -> Job:
    roots = _roots(settings)
    inputs, outputs = roots
    options = asked.options
    naming = Naming(options.name_column, options.description_column, options.prefix)
    taken = ray_jobs.outputs_of_live(client)
    _check_room(len(taken), settings.max_jobs)
    run = service.run(asked.model)
    source = input_path(inputs, asked.input, naming)
    out = output_path(outputs, asked.output, taken)
    command = entrypoint(run, source, out, asked, service.config, ray_jobs.address())
    told = {"input": asked.input, "output": asked.output, "model": name_of(run)}
    identity = PREFIX + secrets.token_hex(8)
    ray_jobs.submit(client, identity, command, told)
    return _found(client, identity, roots)


def _check_room(live: int, most: int) -> None:
    """Refuse a job beside too many others.

    Raises:
        Problem: 503.
    """
    if live >= most:
        detail = f"{live:,} jobs run or wait, and {most:,} may (serve.max_jobs)"
        way_out = "come back when one has ended (GET /v1/jobs), or cancel one (DELETE /v1/jobs/ID)"
        after = {"Retry-After": RETRY_AFTER_S}
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{detail}: {way_out}", after)


def _found(client: Any, identity: str, roots: Roots) -> Job:
    """A job of ours.

    Raises:
        Problem: 404 there is none of that name.
    """
    job = ray_jobs.found(client, identity, roots) if _is_ours(identity) else None
    if job is None:
        detail = f"job {identity[:100]!r} is unknown: GET /v1/jobs lists them"
        raise Problem(HTTPStatus.NOT_FOUND, detail)
    return job


def _is_ours(identity: str) -> bool:
    """Whether it may be put into an address of the job API."""
    digits = identity.removeprefix(PREFIX)
    return len(identity) == len(PREFIX) + 16 and set(digits) <= set("0123456789abcdef")


def _cancelled(client: Any, identity: str, roots: Roots, wait_s: float) -> Job:
    """A job of ours that was told to stop, if it had not ended.

    Raises:
        Problem: 404 there is none of that name.
        ConnectionError: there was no answer; it may have been told all the same.
    """
    job = _found(client, identity, roots)
    if job.state not in LIVE:
        return job
    try:
        ray_jobs.stop(client, identity, wait_s)
        job = _found(client, identity, roots)
    except (OSError, RuntimeError) as error:
        raise ConnectionError(f"{MAY_HAVE_STOPPED}; {error}") from error
    return job.model_copy(update={"message": TOLD_TO_STOP}) if job.state in LIVE else job

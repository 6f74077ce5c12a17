"""Jobs as Ray's job API tells them, with that API stubbed."""

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from cluster import jobs
from shelftag.errors import Failed, InputError

LOG = ("one\ntwo\n", "three\n", "four\n")


def details(identity: str, status: str = "RUNNING", **more: Any) -> Any:
    """As Ray's `JobDetails`."""
    told: dict[str, Any] = {
        "metadata": {jobs.VERB: "train"},
        "message": "",
        "driver_exit_code": None,
    }
    told |= {"start_time": 1_000, "end_time": None, "entrypoint": "python -m pipelines train"}
    return SimpleNamespace(submission_id=identity, status=status, **(told | more))


class StubbedRay:
    """Each look at the job takes the next of `states`; each tail of its log, of `breaks`."""

    def __init__(self, *known: Any, states: str = "", breaks: tuple[int, ...] = ()) -> None:
        self.known = {one.submission_id: one for one in known}
        self.states, self.breaks = states.split(), list(breaks)
        self.tails = 0

    def list_jobs(self) -> list[Any]:
        return list(self.known.values())

    def get_job_info(self, identity: str) -> Any:
        if identity not in self.known:
            raise RuntimeError(f"Request failed with status code 404: Job {identity} ...")
        if self.states:
            state = self.states.pop(0)
            if state == "away":
                raise ConnectionError("refused")
            self.known[identity].status = state
        return self.known[identity]

    def get_job_logs(self, _: str) -> str:
        return "".join(LOG)

    async def tail_job_logs(self, _: str) -> AsyncIterator[str]:
        self.tails += 1
        parts = self.breaks.pop(0) if self.breaks else len(LOG)
        for text in LOG[:parts]:
            yield text
        if parts < len(LOG):
            raise RuntimeError("WebSocket connection closed unexpectedly")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOOK_S", 0.01)


def test_ours_are_listed_the_newest_first() -> None:
    ray = StubbedRay(
        details("train-1", "SUCCEEDED", start_time=1_000, end_time=91_000),
        details("raysubmit_x", metadata={}),
        details("shelftag-1", metadata={jobs.ENDPOINT: "tag"}, start_time=5_000),
        SimpleNamespace(submission_id=None, metadata={jobs.VERB: "train"}),  # a driver's own
    )
    first, second = jobs.listed(ray)
    assert (first.id, first.verb, first.state, first.is_live) == (
        "shelftag-1",
        "tag",
        "running",
        True,
    )
    assert (second.id, second.verb, second.state) == ("train-1", "train", "done")
    assert (second.seconds, second.is_live) == (90.0, False)


@pytest.mark.parametrize("identity", ["train-2", "raysubmit_x", "../nodes", "a/b", ""])
def test_others_are_unknown(identity: str) -> None:
    ray = StubbedRay(details("train-1"), details("raysubmit_x", metadata={}))
    with pytest.raises(InputError, match="is unknown on the cluster: `shelftag jobs` lists"):
        jobs.found(ray, identity)


def follow(ray: StubbedRay) -> tuple[jobs.Job, str]:
    written: list[str] = []
    job = jobs.follow(ray, "train-1", written.append)
    return job, "".join(written)


def test_a_lost_connection_is_taken_up_and_nothing_is_said_twice() -> None:
    states = "RUNNING RUNNING away RUNNING SUCCEEDED"
    ray = StubbedRay(details("train-1"), states=states, breaks=(2, 0, 1))
    job, written = follow(ray)
    assert (job.state, written) == ("done", "".join(LOG))
    assert ray.tails == 4


def test_what_ended_before_it_was_looked_at_has_a_log() -> None:
    job, written = follow(StubbedRay(details("train-1", "FAILED", driver_exit_code=2)))
    assert (job.state, job.code, written) == ("failed", 2, "".join(LOG))


def test_what_it_waits_for_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    job = details("train-1", start_time=int(time.time() * 1e3), message="It waits for a node.")
    monkeypatch.setattr(jobs, "SILENT_S", 0)
    ray = StubbedRay(job, states="PENDING PENDING PENDING RUNNING SUCCEEDED")
    assert follow(ray)[1] == "It waits for a node.\n" + "".join(LOG)


def test_a_cluster_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LOST_S", 0.05)
    ray = StubbedRay(details("train-1"), states="RUNNING " + "away " * 1_000)
    with pytest.raises(Failed, match=r"has not answered for 0.05 s: the job may go on"):
        follow(ray)
    assert len(ray.states) < 1_000


def test_the_reason_is_what_the_command_said_last() -> None:
    log = "failed with exit code 2\nshelftag: no run: name one\n[36m(pid=1)[0m bye\n"
    assert jobs.reason(log) == "no run: name one"
    assert jobs.reason("one\ntwo\n") == "two"
    assert jobs.reason("") == ""

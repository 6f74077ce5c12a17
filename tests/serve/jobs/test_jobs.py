"""Bulk jobs over HTTP, with Ray's job API stubbed."""

import json
import os
import shlex
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from pipelines.__main__ import parser
from serve.checks import check_folders
from serve.jobs import ray_jobs as jobs
from serve.jobs.requests import JobOptions, JobRequest, entrypoint
from serve.routes import api
from serve.routes import jobs as route
from shelftag.artifacts import Tags
from shelftag.config import Config, load_config
from shelftag.config.serve import ServeConfig
from shelftag.errors import ConfigError, InputError
from tests.serve.local_client import local_client
from tests.serve.made_service import MadeService


class StubbedRay:
    """Ray's job API, as far as it is used."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def submit_job(self, *, submission_id: str, metadata: Any, **more: Any) -> None:
        self.known[submission_id] = SimpleNamespace(
            submission_id=submission_id,
            status="PENDING",
            metadata=metadata,
            job_id=None,
            message="",
            start_time=int(time.time() * 1e3) + len(self.known),
            end_time=None,
            **more,
        )

    def list_jobs(self) -> list[Any]:
        return list(self.known.values())

    def get_job_info(self, identity: str) -> Any:
        if identity not in self.known:
            raise RuntimeError("Request failed with status code 404: it does not exist")
        return self.known[identity]

    def get_job_status(self, identity: str) -> str:
        return str(self.known[identity].status)

    def stop_job(self, identity: str) -> None:
        self.known[identity].status = "STOPPED"


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> StubbedRay:
    stub = StubbedRay()
    monkeypatch.setattr(jobs, "client", lambda _: stub)
    monkeypatch.setattr(jobs, "waiting", lambda *_: "")
    monkeypatch.setattr(jobs, "address", lambda: "10.0.0.1:6379")
    return stub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    (tmp_path / "in" / "shop.csv").write_text("product_name\nMilk\n")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    return client_with(folder)


def client_with(folder: Path, **settings: float) -> TestClient:
    """A client of an endpoint with jobs."""
    roots = {"jobs_input": folder / "in", "jobs_output": folder / "out"}
    return local_client(api(MadeService(), ServeConfig.model_validate(roots | settings)))


ASKED: dict[str, Any] = {"input": "shop.csv", "output": "tagged"}
COUNTS: dict[str, Any] = {"rows_done": 3, "rows_total": 9, "errors": 1}


def test_a_job_from_its_submission_to_its_end(
    client: TestClient, ray: StubbedRay, folder: Path
) -> None:
    answer = client.post("/v1/jobs", json=ASKED | {"model": "other"})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["state"], job["model"], job["rows_done"]) == ("queued", "other", None)
    (known,) = ray.known.values()
    words = shlex.split(known.entrypoint)
    assert words[1:5] == ["-m", "pipelines", "tag", "--run=/runs/other"]
    assert f"--out={folder / 'out' / 'tagged'}" in words
    assert client.post("/v1/jobs", json=ASKED).status_code == 409

    known.status = "RUNNING"
    tags = Tags(folder / "out" / "tagged")
    tags.begin()
    counts = {**COUNTS, "stage": "rows written", "stage_done": 3, "stage_total": 9}
    tags.progress_file.write(json.dumps({"state": "running"} | counts).encode())
    told = client.get(f"/v1/jobs/{job['id']}").json()
    assert told["state"] == "running"
    assert {key: told[key] for key in counts} == counts
    assert client.get("/v1/jobs").json() == [told]

    known.status = "FAILED"
    known.message = f"Logs:\nshelftag: {folder}/in/shop.csv is gone: name another\n\n"
    told = client.get(f"/v1/jobs/{job['id']}").json()
    assert (told["state"], told["message"]) == ("failed", "shop.csv is gone: name another")
    tags.release()


def test_rows_of_another_job_in_the_same_folder_are_not_told(
    client: TestClient, ray: StubbedRay, folder: Path
) -> None:
    job = client.post("/v1/jobs", json=ASKED).json()["id"]
    known = ray.known[job]
    known.status, known.end_time = "FAILED", known.start_time + 1_000
    tags = Tags(folder / "out" / "tagged")
    tags.place.make()
    stage = {"stage": "names read", "stage_done": 3, "stage_total": 9}
    tags.progress_file.write(json.dumps(COUNTS | stage).encode())
    assert client.get(f"/v1/jobs/{job}").json()["rows_done"] == 3
    os.utime(tags.progress_file.path, times=(time.time() + 100,) * 2)
    assert client.get(f"/v1/jobs/{job}").json()["rows_done"] is None


def test_what_waits_for_cores_says_so(
    client: TestClient, ray: StubbedRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "waiting", lambda *_: "waits for cores")
    job = client.post("/v1/jobs", json=ASKED).json()["id"]
    ray.known[job].status, ray.known[job].job_id = "RUNNING", "01000000"
    told = client.get(f"/v1/jobs/{job}").json()
    assert (told["state"], told["message"]) == ("queued", "waits for cores")


def test_cancelled(client: TestClient, ray: StubbedRay) -> None:
    job = client.post("/v1/jobs", json=ASKED).json()["id"]
    assert client.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    assert client.delete(f"/v1/jobs/{job}").json()["state"] == "cancelled"
    assert client.post("/v1/jobs", json=ASKED).status_code == 202  # its folder is free again
    assert len(ray.known) == 2


@pytest.mark.usefixtures("ray")
def test_a_job_that_ends_slowly_is_told_of_in_time(
    folder: Path, ray: StubbedRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait is shorter than the patience for an answer, whatever serve.timeout_s is."""
    client = client_with(folder, timeout_s=4)
    job = client.post("/v1/jobs", json=ASKED).json()["id"]
    monkeypatch.setattr(ray, "stop_job", lambda _: None)
    answer = client.delete(f"/v1/jobs/{job}")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["message"]) == ("queued", "was told to stop, and has not ended yet")


@pytest.mark.parametrize("fault", [ConnectionError("reset"), RuntimeError("status code 500"), None])
def test_a_stop_that_was_given_up_may_have_been_sent(
    folder: Path, ray: StubbedRay, monkeypatch: pytest.MonkeyPatch, fault: Exception | None
) -> None:
    def late(_: str) -> str:
        if fault is not None:
            raise fault
        time.sleep(1)
        return "STOPPED"

    client = client_with(folder, timeout_s=0.5 if fault is None else 5)
    ray.submit_job(submission_id="shelftag-0123456789abcdef", metadata={jobs.MARK: "tag"})
    monkeypatch.setattr(ray, "get_job_status", late)
    answer = client.delete("/v1/jobs/shelftag-0123456789abcdef")
    assert answer.status_code == 503
    assert "the job may have been told to stop all the same" in answer.json()["detail"]
    assert str(fault or "no answer in 0.4 s") in answer.json()["detail"]


def test_live_jobs_have_a_limit_that_is_told(folder: Path, ray: StubbedRay) -> None:
    client = client_with(folder, max_jobs=2)
    for output in ("one", "two"):
        assert client.post("/v1/jobs", json=ASKED | {"output": output}).status_code == 202
    answer = client.post("/v1/jobs", json=ASKED | {"output": "three"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"] == (
        "2 jobs run or wait, and 2 may (serve.max_jobs): come back when one has ended "
        "(GET /v1/jobs), or cancel one (DELETE /v1/jobs/ID)"
    )
    assert len(ray.known) == 2
    next(iter(ray.known.values())).status = "SUCCEEDED"
    assert client.post("/v1/jobs", json=ASKED | {"output": "three"}).status_code == 202


@pytest.mark.parametrize(("outputs", "most"), [(("one", "one"), 4), (("one", "two"), 1)])
def test_of_two_that_are_submitted_at_once_the_second_knows_of_the_first(
    folder: Path,
    ray: StubbedRay,
    monkeypatch: pytest.MonkeyPatch,
    outputs: tuple[str, str],
    most: int,
) -> None:
    both_asked = Barrier(2)

    def listed() -> list[Any]:
        known = list(ray.known.values())
        with suppress(BrokenBarrierError):  # as it is where one waits for the other
            both_asked.wait(0.5)
        return known

    monkeypatch.setattr(ray, "list_jobs", listed)
    client = client_with(folder, max_jobs=most)
    with ThreadPoolExecutor(2) as clients:
        asked = [ASKED | {"output": output} for output in outputs]
        answers = list(clients.map(lambda json: client.post("/v1/jobs", json=json), asked))
    refused = 409 if most > 1 else 503
    assert sorted(answer.status_code for answer in answers) == [202, refused]
    assert len(ray.known) == 1


@pytest.mark.parametrize("identity", ["shelftag-0123456789abcdef", "raysubmit_1", "shelftag-..%2f"])
def test_jobs_that_are_none_of_ours(client: TestClient, ray: StubbedRay, identity: str) -> None:
    ray.submit_job(submission_id="raysubmit_1", metadata={}, entrypoint="rm")
    for method in ("GET", "DELETE"):
        assert client.request(method, f"/v1/jobs/{identity}").status_code == 404
    assert client.get("/v1/jobs").json() == []
    assert ray.known["raysubmit_1"].status == "PENDING"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (ASKED | {"input": "/etc/passwd"}, 422),
        (ASKED | {"input": "../in/shop.csv"}, 422),
        (ASKED | {"output": "../in"}, 422),
        (ASKED | {"output": "."}, 422),
        (ASKED | {"options": {"overwrite": True}}, 422),
        (ASKED | {"options": {"top_k": 0}}, 422),
        (ASKED | {"options": {"threshold": "0.5 train.epochs=9"}}, 422),
        (ASKED | {"options": {"name_column": "a\nb"}}, 422),
        (ASKED | {"options": {"prefix": "\0"}}, 422),
        (ASKED | {"options": {"name_column": "title"}}, 422),
        ({"input": "shop.csv"}, 422),
    ],
)
def test_requests_that_are_refused(
    client: TestClient, ray: StubbedRay, request_: Any, status: int, folder: Path
) -> None:
    answer = client.post("/v1/jobs", json=request_)
    assert (answer.status_code, str(folder) in answer.text) == (status, False)
    assert not ray.known


def test_a_lone_surrogate_is_refused(client: TestClient, ray: StubbedRay) -> None:
    body = b'{"input": "shop.csv", "output": "\\ud800"}'
    assert client.post("/v1/jobs", content=body).status_code == 422
    assert not ray.known


@pytest.mark.parametrize("missing", ["jobs_input", "jobs_output"])
def test_without_folders_there_are_no_jobs(folder: Path, missing: str) -> None:
    roots = {"jobs_input": folder / "in", "jobs_output": folder / "out"} | {missing: None}
    client = local_client(api(MadeService(), ServeConfig.model_validate(roots)))
    for method, path in (("POST", ""), ("GET", ""), ("GET", "/x"), ("DELETE", "/x")):
        answer = client.request(method, f"/v1/jobs{path}")
        assert answer.status_code == 404
        assert answer.json()["detail"] == (
            "jobs are off (set serve.jobs_input and serve.jobs_output)"
        )


@pytest.mark.parametrize("fault", [ConnectionError("refused"), RuntimeError("status code 500")])
def test_a_dashboard_that_is_away_is_a_503(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def away(_: float) -> None:
        raise fault

    monkeypatch.setattr(jobs, "client", away)
    answer = client.get("/v1/jobs")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert f"does not answer ({fault})" in answer.json()["detail"]


@pytest.mark.usefixtures("ray")
def test_the_newest_jobs_are_told_and_no_more_are_looked_at(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [client.post("/v1/jobs", json=ASKED | {"output": str(i)}).json()["id"] for i in range(3)]
    looked: list[str] = []
    described = jobs.described

    def counted(client: Any, details: Any, roots: jobs.Roots) -> jobs.Job:
        looked.append(details.submission_id)
        return described(client, details, roots)

    monkeypatch.setattr(jobs, "described", counted)
    told = client.get("/v1/jobs", params={"limit": 2}).json()
    assert [job["id"] for job in told] == looked == [made[2], made[1]]
    assert client.get("/v1/jobs", params={"limit": 0}).status_code == 422
    assert client.post("/v1/jobs", json=ASKED | {"output": "0"}).status_code == 409  # the oldest's
    assert looked[2:] == []  # and not for a job that is submitted


def test_code_that_cannot_be_sent_is_said(
    client: TestClient, ray: StubbedRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(**_: object) -> None:
        raise ValueError("Package size (600.00MiB) exceeds the maximum size of 512.00MiB")

    monkeypatch.setattr(ray, "submit_job", too_large)
    answer = client.post("/v1/jobs", json=ASKED)
    assert answer.status_code == 503
    assert "cannot be sent to the cluster (Package size (600.00MiB)" in answer.json()["detail"]


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A dashboard that takes connections and never answers."""
    import ray.job_submission  # noqa: F401  (a second, which is not the one that is measured)

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setattr(jobs, "address", lambda: url)
        yield


@pytest.mark.usefixtures("hung")
def test_a_hung_dashboard_holds_no_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads ask; later calls are refused like the first, since both come back.

    A thread comes back within half a second, and is waited for 8 s: so much may a machine be late.
    """
    monkeypatch.setattr(route, "SHARE_OF_REQUEST", 0.05)
    client = client_with(folder, timeout_s=10)
    with ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda _: client.get("/v1/jobs"), range(4)))
    answers.append(client.get("/v1/jobs"))
    assert {answer.status_code for answer in answers} == {503}  # never the 504 of timeout_s
    for answer in answers:  # of a thread that was free, not of the queue
        assert "timed out" in answer.json()["detail"]


def test_a_request_that_hangs_is_given_up_before_who_waits_for_it() -> None:
    assert 2 * route.SHARE_OF_REQUEST <= route.SHARE_OF_TIMEOUT < 1
    assert route.SHARE_OF_STOP < route.SHARE_OF_TIMEOUT


def test_a_submit_that_was_given_up_may_have_started(
    client: TestClient, ray: StubbedRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(**_: object) -> None:
        raise ConnectionError("Read timed out")

    monkeypatch.setattr(ray, "submit_job", late)
    answer = client.post("/v1/jobs", json=ASKED)
    assert answer.status_code == 503
    assert "may have started all the same" in answer.json()["detail"]
    assert "Read timed out" in answer.json()["detail"]


words = st.text(
    st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), max_size=20
)


@given(words, st.none() | words, words, st.none() | st.floats(0, 1), st.none() | st.integers(1, 9))
def test_whatever_is_asked_the_command_is_one_tag(
    name: str, description: str | None, prefix: str, threshold: float | None, top_k: int | None
) -> None:
    options = JobOptions(
        name_column=name,
        description_column=description,
        prefix=prefix,
        threshold=threshold,
        top_k=top_k,
    )
    asked = JobRequest(input="i", output="o", options=options)
    own = ["scaling.cpus_per_worker=0.5", "tagging.batch_size=64", "tagging.max_change=0.1"]
    config = load_config(overrides=own)
    command = entrypoint(Path("/r u'n"), Path("/i"), Path("/o"), asked, config, "10.0.0.1:6379")
    words = shlex.split(command)
    assert words[1:4] == ["-m", "pipelines", "tag"]
    given = vars(parser().parse_args(words[3:]))
    assert (given["name_column"], given["prefix"]) == (name, prefix)
    assert (given["description_column"], given["overwrite"]) == (description, False)
    assert (given["run"], given["input"], given["out"]) == ("/r u'n", "/i", "/o")
    resolved = load_config(overrides=given["settings"])
    assert resolved.scaling.address == "10.0.0.1:6379"
    assert (resolved.scaling.cpus_per_worker, resolved.tagging.batch_size) == (0.5, 64)
    assert resolved.tagging.max_change is None  # there is no earlier output
    assert resolved.tagging.threshold == threshold
    assert resolved.tagging.top_k == (top_k or Config().tagging.top_k)


def test_folders_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()

    def check(*overrides: str) -> ServeConfig:
        settings = load_config(overrides=list(overrides)).serve
        check_folders(settings)
        return settings

    both = check("serve.jobs_input=in", "serve.jobs_output=in")
    assert both.jobs_input == tmp_path / "in"
    with pytest.raises(InputError, match=r"serve.jobs_output = .*out is not a folder"):
        check("serve.jobs_input=in", "serve.jobs_output=out")
    with pytest.raises(InputError, match=r"serve.models_root = .*out is not a folder"):
        check("serve.models_root=out")
    with pytest.raises(ConfigError, match=r"bulk jobs need serve.jobs_output too"):
        check("serve.jobs_input=in")

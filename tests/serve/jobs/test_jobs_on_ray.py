"""Bulk jobs on a cluster of their own, through an endpoint that comes and goes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shelftag.artifacts import Run, Tags
from tests.network import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

TREE = Path(__file__).parents[3]
NAMES = ["Rye Bread", "Organic Milk", "Cat Litter", "Ice Cream", "", "日本"]
CORES = 2
"""One for the endpoint, one for a job: a second job waits."""
PORT = free_port()
"""Of all endpoints: Serve outlives them on the cluster, and listens where it was told first."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Ray head as `ray start` makes it; gives its address."""
    port, log = free_port(), tmp_path_factory.mktemp("cluster") / "log"
    # Of its own, lest every Ray started meanwhile joins it; and short, for the names of sockets.
    scratch = Path(mkdtemp(prefix="ray"))
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += [f"--port={port}", f"--num-cpus={CORES}", f"--temp-dir={scratch}"]
    command += [f"--object-store-memory={2**29}", "--include-dashboard=true"]
    for option in ("dashboard-port", "dashboard-agent-listen-port", "ray-client-server-port"):
        command.append(f"--{option}={free_port()}")
    for _ in range(4):  # Ray gives a node half a minute to start: too little on a busy machine
        with log.open("w") as told, _process(command, told) as process:
            until(lambda: _has_started(log) or process.poll() is not None)
            if process.poll() is None:
                yield f"127.0.0.1:{port}"
                break
    rmtree(scratch, ignore_errors=True)


def _has_started(log: Path) -> bool:
    return "Ray runtime started" in log.read_text()


@contextmanager
def _process(command: list[str], told: Any = None) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until the block ends."""
    environment = os.environ | {"PYTHONPATH": f"{TREE}{os.pathsep}{TREE / 'src'}"}
    process = subprocess.Popen(
        command, cwd=TREE, env=environment, stdout=told, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def until(true: Callable[[], Any], seconds: float = 180) -> Any:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not (result := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where jobs read (`in`) and write (`out`)."""
    folder = tmp_path_factory.mktemp("jobs")
    for name in ("in", "out"):
        (folder / name).mkdir()
    table = pa.table({"title": NAMES})
    pq.write_table(table, folder / "in" / "small.parquet")
    many = pa.table({"product_name": [f"Milk {i} Bread {i % 977}" for i in range(2_000_000)]})
    pq.write_table(many, folder / "in" / "many.parquet", row_group_size=250_000)
    damaged = bytearray((folder / "in" / "small.parquet").read_bytes())
    damaged[4:40] = b"\xff" * 36  # the first page; the footer is whole
    (folder / "in" / "damaged.parquet").write_bytes(damaged)
    return folder


@contextmanager
def endpoint(cluster: str, run: Run, folder: Path) -> Iterator[httpx.Client]:
    """`shelftag serve` on the cluster."""
    command = [sys.executable, "-m", "pipelines", "serve", "--run", str(run.path)]
    command += [f"--port={PORT}", f"scaling.address={cluster}", "scaling.threads_per_worker=1"]
    command += [f"serve.jobs_input={folder / 'in'}", f"serve.jobs_output={folder / 'out'}"]
    with _process(command), httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=60) as client:
        until(lambda: _is_ready(client))
        yield client


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def submitted(client: httpx.Client, **request: Any) -> str:
    answer = client.post("/v1/jobs", json=request)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] in ("queued", "running")
    return str(answer.json()["id"])


def state(client: httpx.Client, job: str) -> dict[str, Any]:
    answer = client.get(f"/v1/jobs/{job}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def ended(client: httpx.Client, job: str) -> dict[str, Any]:
    until(lambda: state(client, job)["state"] not in ("queued", "running"))
    return state(client, job)


@pytest.fixture
def jobs(cluster: str, tiny_run: Run, folder: Path) -> Iterator[httpx.Client]:
    with endpoint(cluster, tiny_run, folder) as client:
        yield client


def test_tags_are_those_of_the_endpoint(jobs: httpx.Client, folder: Path) -> None:
    options = {"name_column": "title", "prefix": "it's_", "threshold": 0.9, "top_k": 2}
    job = submitted(jobs, input="small.parquet", output="a/small", options=options)
    done = ended(jobs, job)
    assert (done["state"], done["message"]) == ("done", "")
    assert (done["rows_done"], done["rows_total"], done["errors"]) == (6, 6, 1)
    assert (done["input"], done["output"]) == ("small.parquet", "a/small")
    out = Tags(folder / "out" / "a" / "small")
    (part,) = out.manifest().parts
    rows = pq.read_table((out.tags / part).open()).to_pylist()
    products = [{"name": name} for name in NAMES if name]
    tags = jobs.post("/v1/tag", json={"products": products, "top_k": 2}).json()["tags"]
    for row, tag in zip(rows, tags, strict=True):
        assert row["it's_department"] == tag["department"]
        assert row["it's_confidence"] == pytest.approx(tag["confidence"], abs=1e-3)
        assert len(json.loads(row["it's_alternatives"])) == 1
        assert row["it's_status"] == ("tagged" if row["it's_confidence"] >= 0.9 else "review")
    again = {"input": "small.parquet", "output": "a/small", "options": options}
    answer = jobs.post("/v1/jobs", json=again)
    assert (answer.status_code, str(folder) in answer.text) == (409, False)
    assert job in [one["id"] for one in jobs.get("/v1/jobs").json()]


def test_a_job_that_fails_says_why(jobs: httpx.Client, folder: Path) -> None:
    options = {"name_column": "title"}
    job = submitted(jobs, input="damaged.parquet", output="damaged", options=options)
    failed = ended(jobs, job)
    assert failed["state"] == "failed"
    assert failed["message"].startswith("damaged.parquet cannot be read")
    assert str(folder) not in failed["message"]


def test_jobs_wait_for_cores_outlive_the_endpoint_and_can_be_cancelled(
    cluster: str, tiny_run: Run, folder: Path
) -> None:
    with endpoint(cluster, tiny_run, folder) as client:
        long = submitted(client, input="many.parquet", output="many")
        until(lambda: state(client, long)["stage_done"])
        other = submitted(client, input="many.parquet", output="other")
        until(lambda: "waits for free cores" in state(client, other)["message"])
        assert state(client, other)["state"] == "queued"
        taken = client.post("/v1/jobs", json={"input": "many.parquet", "output": "many/deeper"})
        assert taken.status_code == 409
        assert client.delete(f"/v1/jobs/{other}").status_code == 200  # else it takes our core
        assert ended(client, other)["state"] == "cancelled"
    with endpoint(cluster, tiny_run, folder) as client:
        until(lambda: state(client, long)["stage"] == "names scored")
        until(lambda: state(client, long)["stage_done"])
        told = state(client, long)
        assert (told["state"], told["stage_total"], told["rows_done"]) == ("running", 2_000_000, 0)
        assert 0 < told["stage_done"] < told["stage_total"]
        assert client.delete(f"/v1/jobs/{long}").status_code == 200
        assert ended(client, long)["state"] == "cancelled"
        assert client.delete(f"/v1/jobs/{long}").json()["state"] == "cancelled"

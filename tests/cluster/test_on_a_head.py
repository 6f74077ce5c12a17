"""Verbs as jobs on a real Ray head, by the command line: tokens, logs, exit codes, the way back."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import join

import httpx
import pyarrow.dataset as ds
import pytest

from cluster import job_api, jobs
from cluster.code import TREE, runtime_env
from cluster.local import prepare_environment
from pipelines.__main__ import main
from shelftag.artifacts import Dataset, Run
from tests import tiny
from tests.cluster.head import Head
from tests.network import free_port

# Ray's client says so to aiohttp
pytestmark = pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning")

SHELFTAG = str(Path(sys.executable).parent / "shelftag")


def test_without_the_token_nothing_is_taken(ray_head: Head) -> None:
    job = {"entrypoint": "echo in", "submission_id": "intruder"}
    package = f"{ray_head.url}/api/packages/gcs/_ray_pkg_0.zip"
    wrong = {"Authorization": "Bearer wrong"}
    for headers, status in (({}, 401), (wrong, 403)):
        sent = httpx.post(f"{ray_head.url}/api/jobs/", json=job, headers=headers, timeout=30)
        assert sent.status_code == status
        assert httpx.put(package, content=b"x", headers=headers, timeout=30).status_code == status
        asked = httpx.get(f"{ray_head.url}/api/jobs/", headers=headers, timeout=30)
        assert asked.status_code == status
        agent = f"{ray_head.agent}/api/job_agent/jobs/"  # which starts what the dashboard takes
        assert httpx.post(agent, json=job, headers=headers, timeout=30).status_code == status
    client, _ = job_api.connected(ray_head.url)
    assert "intruder" not in [one.submission_id for one in client.list_jobs()]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"RAY_AUTH_TOKEN": "wrong"}, "(403: the token in RAY_AUTH_TOKEN is not the cluster's)"),
        ({"RAY_AUTH_MODE": "disabled"}, "(401: no token was sent)"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_token(
    ray_head: Head, variables: dict[str, str], expected: str
) -> None:
    command = [SHELFTAG, "submit", "doctor", "--address", ray_head.url]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    assert expected in line
    assert (done.returncode, done.stdout) == (2, "")


def test_a_verb_runs_there_as_it_does_here(
    ray_head: Head, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "it's #1"
    words = ["--out", str(out), "--lines", "1000", "synthesis.products=200"]
    assert main(["submit", "synthesize", *words, "--address", ray_head.url]) == 0
    shown = capsys.readouterr()
    assert re.match(r"submitted synthesize-\w{8} to http://\S+ \(\d\.\d MB of code\)\n", shown.err)
    job = shown.err.split()[1]
    assert "200 rows  products.csv" in shown.out
    here = tmp_path / "here"
    assert main(["synthesize", "--out", str(here), *words[2:]]) == 0
    for name in ("products.csv", "orders.csv", "order_products__prior.csv"):
        assert (out / name).read_bytes() == (here / name).read_bytes()
    capsys.readouterr()
    assert main(["jobs", "--address", ray_head.url]) == 0
    (row,) = [one for one in capsys.readouterr().out.splitlines() if job in one]
    assert row.split()[1:3] == ["synthesize", "done"]
    assert main(["jobs", job, "--follow", "--address", ray_head.url]) == 0
    assert "200 rows  products.csv" in capsys.readouterr().out
    assert main(["jobs", "train-00000000", "--address", ray_head.url]) == 2
    assert "job 'train-00000000' is unknown on the cluster" in capsys.readouterr().err


@pytest.mark.slow
def test_what_the_verb_refuses_there_is_its_exit_code_and_line(
    ray_head: Head, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--tables", "/nowhere", "--out", str(tmp_path / "d"), "--address", ray_head.url]
    assert main(["submit", "prepare", *words]) == 2
    assert "shelftag: tables /nowhere is not a folder" in capsys.readouterr().out
    assert main(["submit", "prepare", *words, "--secret", "SHELFTAG_NOT_THERE"]) == 2
    assert "secret SHELFTAG_NOT_THERE is not set on the cluster's head" in capsys.readouterr().out


@pytest.mark.slow
def test_workers_import_what_was_sent(ray_head: Head) -> None:
    """All of our packages, from Ray's copies of this tree and not from one that is installed."""
    names = ("shelftag", "shelftag.tables", "cluster", "pipelines", "serve")
    work = f"[__import__(name, fromlist=['x']).__file__ for name in {names}]"
    code = f"import ray; ray.init(); print(*ray.get(ray.remote(lambda: {work}).remote()))"
    client, _ = job_api.connected(ray_head.url)
    said: list[str] = []
    with runtime_env() as environment:
        job = client.submit_job(
            entrypoint=join([sys.executable, "-c", code]),
            runtime_env=environment,
            metadata={jobs.VERB: "test"},
        )
    assert jobs.follow(client, job, said.append).state == "done"
    files = "".join(said).splitlines()[-1].split()
    assert len(files) == len(names)
    assert all("/runtime_resources/py_modules_files/" in file for file in files[:2])
    assert all("/runtime_resources/working_dir_files/" in file for file in files[2:])
    assert not any(file.startswith(str(TREE)) for file in files)


@pytest.mark.slow
def test_a_driver_with_another_token_cannot_join(ray_head: Head, tmp_path: Path) -> None:
    tables = str(tmp_path / "tables")
    assert main(["synthesize", "--out", tables, "--lines", "1000", "--products", "200"]) == 0
    words = ["--tables", tables, "--out", str(tmp_path / "d")]
    command = [SHELFTAG, "prepare", *words, f"scaling.address={ray_head.address}"]
    variables = os.environ | {"RAY_AUTH_TOKEN": "wrong"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    assert done.returncode == 2
    assert "it does not take our token" in done.stderr.splitlines()[-1], done.stderr


@contextmanager
def submitted(*words: str) -> Iterator[subprocess.Popen[str]]:
    """`shelftag` in a process of its own, whose lines can be read."""
    prepare_environment()
    with subprocess.Popen(
        [SHELFTAG, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.kill()


def read_until(process: "subprocess.Popen[str]", start: str) -> list[str]:
    """Lines, the last of which begins so."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith(start):
            return lines
    raise AssertionError("\n".join(lines))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_the_way_to_an_endpoint_that_outlives_its_terminal(
    ray_head: Head, tiny_dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A local config file travels; Ctrl-C leaves the job; stopped, nothing answers any more."""
    file, run, tagged = tmp_path / "tiny.yaml", tmp_path / "run", tmp_path / "tagged"
    file.write_text(tiny.config("train.max_steps=20", f"train.output_dir={run}").yaml())
    at = ["--address", ray_head.url]
    dataset = str(tiny_dataset.path)
    assert main(["submit", "train", "--config", str(file), "--dataset", dataset, *at]) == 0
    assert Run(run).manifest().fingerprint
    (tmp_path / "names.csv").write_text("product_name\nRye Bread\nCat Litter\n")
    words = ["--run", str(run), "--input", str(tmp_path / "names.csv"), "--out", str(tagged)]
    assert main(["submit", "tag", *words, *at]) == 0
    assert ds.dataset(tagged / "tags").count_rows() == 2

    port = free_port()
    tag = f"http://127.0.0.1:{port}/v1/tag?name=Rye+Bread"
    with submitted("submit", "serve", "--run", str(run), "--port", str(port), *at) as process:
        read_until(process, "serving")
        process.send_signal(signal.SIGINT)
        said = read_until(process, "shelftag: interrupted")
        assert process.wait(60) == 130
    (follow,) = [line for line in said if line.startswith("to follow it: ")]
    (stop,) = [line for line in said if line.startswith("to stop it:   ")]
    assert httpx.get(tag, timeout=30).status_code == 200
    with submitted(*follow.split()[4:]) as process:
        read_until(process, "serving")
        process.send_signal(signal.SIGTERM)
        read_until(process, "shelftag: interrupted")
    assert httpx.get(tag, timeout=30).status_code == 200
    capsys.readouterr()
    assert main(stop.split()[4:]) == 0
    assert "state     cancelled" in capsys.readouterr().out
    assert httpx.get(tag, timeout=30).status_code == 404  # Serve's proxy: no application
    assert main(follow.split()[4:]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == "stopping"
    assert "was stopped" in shown.err

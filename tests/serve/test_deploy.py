"""The endpoint on a Ray cluster of its own, by the command line: token auth, `serve deploy`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest
import yaml

from cluster.code import TREE
from shelftag.artifacts import Run
from tests.network import free_port, wait_until_open
from tests.serve.deployed import config_of, copies, variant, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BIN = Path(sys.executable).parent
TOKEN = "t" * 64


class Cluster:
    """`ray start --head`, its dashboard, and the commands that talk to it."""

    def __init__(self, folder: Path) -> None:
        self.dashboard, self.port = free_port(), free_port()
        self.folder, self.pid = folder, 0
        self.environment = os.environ | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": TOKEN,
            "RAY_TMPDIR": str(folder),
            "PYTHONPATH": f"{TREE}:{TREE / 'src'}",
        }

    def start(self) -> "subprocess.Popen[bytes]":
        """The head, in the foreground of a process of its own."""
        ports = [f"--port={free_port()}", f"--ray-client-server-port={free_port()}"]
        ports += [f"--dashboard-agent-listen-port={free_port()}"]
        ports += ["--dashboard-host=127.0.0.1", f"--dashboard-port={self.dashboard}"]
        command = [str(BIN / "ray"), "start", "--head", "--block", "--num-cpus=2", *ports]
        command += ["--object-store-memory=300000000", "--disable-usage-stats"]
        with (self.folder / "head.log").open("wb") as log:
            head = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        wait_until_open(self.dashboard, 300)
        return head

    def serve(self, *words: str | Path, **environment: str) -> str:
        """Output of a `serve` command."""
        address = f"http://127.0.0.1:{self.dashboard}"
        where = {"RAY_DASHBOARD_ADDRESS": address} | environment
        done = subprocess.run(
            [BIN / "serve", *words],
            env=self.environment | where,
            cwd=TREE,
            capture_output=True,
            text=True,
            timeout=120,
        )
        print(f"$ serve {' '.join(map(str, words))}", done.stdout, done.stderr, sep="\n")
        assert done.returncode == 0
        return done.stdout

    def deploy(self, config: dict[str, Any]) -> None:
        file = self.folder / "config.yaml"
        file.write_text(yaml.safe_dump(config))
        self.serve("deploy", file)

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = yaml.safe_load(self.serve("status"))["applications"]["shelftag"]
        return told

    def details(self, token: str = TOKEN) -> httpx.Response:
        url = f"http://127.0.0.1:{self.dashboard}/api/serve/applications/"
        return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def ask(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/v1/tag"
        answer = httpx.post(url, json={"products": [{"name": "Rye Bread"}]}, timeout=30)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(Path(mkdtemp(prefix="ray", dir="/tmp")))  # sockets need a short path
    head = cluster.start()
    cluster.pid = head.pid
    yield cluster
    head.terminate()
    assert head.wait(60) is not None
    rmtree(cluster.folder, ignore_errors=True)


def test_a_call_without_the_token_is_refused(cluster: Cluster) -> None:
    url = f"http://127.0.0.1:{cluster.dashboard}/api/serve/applications/"
    assert httpx.get(url, timeout=30).status_code == 401
    assert httpx.put(url, json={"applications": []}, timeout=30).status_code == 401
    assert cluster.details("wrong").status_code in (401, 403)
    assert cluster.details().status_code == 200


def test_settings_runs_and_damage_by_serve_deploy(
    cluster: Cluster, tiny_run: Run, tmp_path: Path
) -> None:
    def config(run: Path, **live: Any) -> dict[str, Any]:
        return config_of(run, cluster.port, live=live, replicas=1, cpus_per_replica=0.5)

    def is_running() -> bool:
        return bool(cluster.status()["status"] == "RUNNING")

    cluster.deploy(config(tiny_run.path))
    wait_for(is_running, 300)
    (before,) = copies(cluster.pid)
    first = cluster.ask()
    assert first["model"] == tiny_run.manifest().fingerprint

    cluster.deploy(config(tiny_run.path, threshold=1.0, top_k=2))
    wait_for(lambda: cluster.ask()["tags"][0]["status"] == "review", 30)
    assert len(cluster.ask()["tags"][0]["alternatives"]) == 1
    assert copies(cluster.pid) == {before}

    cluster.deploy(config(tmp_path / "nowhere"))
    wait_for(lambda: cluster.status()["status"] == "DEPLOY_FAILED", 200)
    message = cluster.status()["message"]
    assert f"ArtifactError: Run {tmp_path / 'nowhere'} is not a folder" in message
    assert cluster.ask()["model"] == first["model"]
    assert copies(cluster.pid) == {before}

    other = variant(tiny_run, tmp_path / "other", 0.5)
    cluster.deploy(config(other.path))
    wait_for(lambda: cluster.ask()["model"] == other.manifest().fingerprint, 300)
    wait_for(is_running, 60)
    assert before not in copies(cluster.pid)


def test_what_serve_build_writes_is_deployed(cluster: Cluster, tiny_run: Run) -> None:
    file, run = cluster.folder / "built.yaml", str(tiny_run.path)
    cluster.serve("build", "serve.built:app", "-o", file, SHELFTAG_RUN=run)
    config = yaml.safe_load(file.read_text())
    (application,) = config["applications"]
    assert application["import_path"] == "serve.built:app"
    assert [each["name"] for each in application["deployments"]] == ["tagger"]
    config["http_options"] = {"host": "127.0.0.1", "port": cluster.port}  # it writes 0.0.0.0
    application |= {"name": "shelftag", "runtime_env": {"env_vars": {"SHELFTAG_RUN": run}}}
    cluster.deploy(config | {"applications": [application]})
    fingerprint = tiny_run.manifest().fingerprint
    wait_for(lambda: cluster.ask()["model"] == fingerprint, 300)

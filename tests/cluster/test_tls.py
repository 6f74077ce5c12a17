"""Ray's TLS, with the certificates that cluster/README.md makes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import join

import pytest

from cluster import job_api, jobs
from cluster.code import TREE
from tests.cluster.head import Head, head

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here"),
    pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning"),
]

WORK = "import ray; ray.init(); print('joined', ray.get(ray.remote(lambda: 42).remote()))"
PATIENCE_S = 30
"""Who may join has done so within a few; who may not is told nothing, and tries for minutes."""


def certificates(folder: Path) -> dict[str, str]:
    """Make some as the README says; gives the variables that name them."""
    text = (TREE / "cluster" / "README.md").read_text()
    (commands,) = re.findall(r"```sh\n(openssl req -x509.*?)```", text, re.DOTALL)
    folder.mkdir()
    subprocess.run(["bash", "-ec", commands], cwd=folder, check=True, capture_output=True)
    assert (folder / "node.key").stat().st_mode & 0o077 == 0
    return {
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(folder / "node.crt"),
        "RAY_TLS_SERVER_KEY": str(folder / "node.key"),
        "RAY_TLS_CA_CERT": str(folder / "ca.crt"),
    }


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return certificates(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def tls_head(ours: dict[str, str]) -> Iterator[Head]:
    with head(ours) as started:
        yield started


def joined(address: str, variables: dict[str, str]) -> bool:
    """Whether a driver with these variables, and the token, can join a cluster."""
    environment = os.environ | variables | {"RAY_ADDRESS": address}
    command = [sys.executable, "-c", WORK]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return False
    return "joined 42" in done.stdout


def test_who_has_a_certificate_joins_and_nobody_else(
    tls_head: Head, ours: dict[str, str], tmp_path: Path
) -> None:
    """All have the cluster's token."""
    strangers = certificates(tmp_path / "theirs")
    with ThreadPoolExecutor() as drivers:
        asked = [ours, {}, strangers]
        answers = list(drivers.map(lambda variables: joined(tls_head.address, variables), asked))
    assert answers == [True, False, False]
    assert joined(tls_head.address, ours)  # the head was up all the while


def test_jobs_run_under_tls(tls_head: Head) -> None:
    client, _ = job_api.connected(tls_head.url)
    command = join([sys.executable, "-c", WORK])
    said: list[str] = []
    job = client.submit_job(entrypoint=command, metadata={jobs.VERB: "test"})
    assert jobs.follow(client, job, said.append).state == "done"
    assert "joined 42" in "".join(said)

"""A Ray head as `ray start --head` makes it, under token auth, on ports of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from tests.network import free_port

CORES = 2
STARTS = 4
"""Ray gives a node half a minute to start: too little on a busy machine."""


@dataclass(frozen=True)
class Head:
    """A head that runs."""

    url: str
    """Of the dashboard and the job API."""
    address: str
    """Of the GCS."""
    agent: str
    """Of the agent that starts jobs."""
    folder: Path
    """Ray's, with its logs."""


@contextmanager
def head(variables: dict[str, str] | None = None) -> Iterator[Head]:
    """A head for the length of the block, with these variables beside this process's own."""
    folder = Path(mkdtemp(prefix="ray", dir="/tmp"))  # sockets need a short path
    try:
        for _ in range(STARTS):
            ports = [free_port() for _ in range(3)]
            with _process(_command(folder, *ports), folder, variables or {}) as started:
                if started:
                    url, gcs, agent = (f"127.0.0.1:{port}" for port in ports)
                    yield Head(f"http://{url}", gcs, f"http://{agent}", folder)
                    return
        raise AssertionError((folder / "head.log").read_text())
    finally:
        rmtree(folder, ignore_errors=True)


def _command(folder: Path, url: int, gcs: int, agent: int) -> list[str]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += [f"--port={gcs}", f"--num-cpus={CORES}", f"--temp-dir={folder / 'ray'}"]
    command += [f"--object-store-memory={2**28}", "--include-dashboard=true"]
    command += ["--dashboard-host=127.0.0.1", f"--dashboard-port={url}"]
    command.append(f"--dashboard-agent-listen-port={agent}")
    return [*command, f"--ray-client-server-port={free_port()}"]


@contextmanager
def _process(command: list[str], folder: Path, more: dict[str, str]) -> Iterator[bool]:
    """Ray until the block ends; gives whether it came up."""
    log = folder / "head.log"
    with log.open("w") as told:
        # away from the tree, so that its code comes from what is sent
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | more, stdout=told, stderr=subprocess.STDOUT
        )
    try:
        while "Ray runtime started" not in log.read_text() and process.poll() is None:
            time.sleep(0.1)
        yield process.poll() is None
    finally:
        process.terminate()
        process.wait(60)

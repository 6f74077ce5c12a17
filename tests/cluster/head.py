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
    folder: Path
    """Ray's, with its logs."""


@contextmanager
def head(*, dashboard: bool = True, **environment: str) -> Iterator[Head]:
    """A head for the length of the block; it has this process's token, or what is given."""
    folder = Path(mkdtemp(prefix="ray", dir="/tmp"))  # sockets need a short path
    try:
        for _ in range(STARTS):
            port, url = free_port(), free_port()
            with _process(_command(port, url, folder, dashboard), folder, environment) as started:
                if started:
                    yield Head(f"http://127.0.0.1:{url}", f"127.0.0.1:{port}", folder)
                    return
        raise AssertionError((folder / "head.log").read_text())
    finally:
        rmtree(folder, ignore_errors=True)


def _command(port: int, dashboard_port: int, folder: Path, dashboard: bool) -> list[str]:
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += [f"--port={port}", f"--num-cpus={CORES}", f"--temp-dir={folder / 'ray'}"]
    command += [f"--object-store-memory={2**28}", f"--include-dashboard={str(dashboard).lower()}"]
    command += ["--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard_port}"]
    for option in ("dashboard-agent-listen-port", "ray-client-server-port"):
        command.append(f"--{option}={free_port()}")
    return command


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

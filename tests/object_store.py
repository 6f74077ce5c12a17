"""An S3-compatible store on loopback: moto's server, a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyarrow import fs

from tests.network import free_port, wait_until_open

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class ObjectStore:
    """Where it listens."""

    port: int

    @property
    def query(self) -> str:
        """The part of a URI that leads to it."""
        return f"endpoint_override=127.0.0.1:{self.port}&scheme=http&region=us-east-1"

    def uri(self, path: str) -> str:
        """Of what stands at bucket/path."""
        return f"s3://{path}?{self.query}"

    @property
    def filesystem(self) -> fs.FileSystem:
        """To look at it, and to harm it, from beside."""
        return fs.S3FileSystem(
            endpoint_override=f"127.0.0.1:{self.port}",
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
            allow_delayed_open=True,  # whole, not in parts: the server's answer to those is retried
        )

    def bucket(self, name: str) -> str:
        """Made, if it is not there."""
        self.filesystem.create_dir(name)
        return name


@contextmanager
def object_store(folder: Path, **environment: str) -> Iterator[ObjectStore]:
    """A store for the length of the block, and made-up credentials in this process's environment.

    Args:
        folder: for its log.
        environment: of the server, such as INITIAL_NO_AUTH_ACTION_COUNT.
    """
    store = ObjectStore(free_port())
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(store.port)]
    with pytest.MonkeyPatch.context() as patch, (folder / "server.log").open("wb") as log:
        for name, value in {**CREDENTIALS, **environment}.items():
            patch.setenv(name, value)
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until_open(store.port)
            yield store
        finally:
            server.terminate()
            server.wait(10)

"""Tables in an S3-compatible store, read through `pyarrow.fs` alone."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import fs

from shelftag.errors import InputError
from shelftag.tables.catalog import read_catalog
from shelftag.tables.parse import parse
from shelftag.tables.ranges import table_chunks
from shelftag.tables.sources import check_sources
from tests.tables.made import MERGED, write_tables
from tests.tables.test_formats import packed


@pytest.fixture
def store_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """A store on a free loopback port, with made-up credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


def put(folder: Path, port: int, bucket: str) -> str:
    """A folder's files in a bucket of their own; the URI of the tables."""
    store = fs.S3FileSystem(
        endpoint_override=f"127.0.0.1:{port}",
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
        allow_delayed_open=True,  # whole, not in parts: the server's answer to those is retried
    )
    store.create_dir(bucket)
    fs.copy_files(str(folder), f"{bucket}/tables", destination_filesystem=store)
    return f"s3://{bucket}/tables?{query(port)}"


def query(port: int) -> str:
    """The part of a URI that leads to the store."""
    return f"endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"


def test_tables_in_a_bucket(tmp_path: Path, store_port: int) -> None:
    plain = check_sources(write_tables(tmp_path / "plain"))
    for form in ("plain", "gzip", "zip", "parquet", "folder"):
        if form != "plain":
            packed(tmp_path / form, form)
        sources = check_sources(put(tmp_path / form, store_port, form))
        rows = [
            parse(chunk, source).rows.num_rows
            for name in ("order_products__prior", "order_products__train")
            for source, chunk in table_chunks(sources[name], 30)
        ]
        assert sum(rows) == MERGED
        assert read_catalog(sources).products.equals(read_catalog(plain).products)
    (file,) = check_sources(f"s3://plain/tables/?{query(store_port)}")["orders"]
    assert file.file.name == f"s3://plain/tables/orders.csv?{query(store_port)}"
    assert file.fingerprint() == plain["orders"][0].fingerprint()
    with pytest.raises(InputError, match=r"nowhere.* is not a folder"):
        check_sources(f"s3://plain/nowhere?{query(store_port)}")
    with pytest.raises(InputError, match=r"no-such-bucket.*: "):
        check_sources(f"s3://no-such-bucket/tables?{query(store_port)}")

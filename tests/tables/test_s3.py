"""Tables in an S3-compatible store, read through `pyarrow.fs` alone."""

from pathlib import Path

import pytest
from pyarrow import fs

from shelftag.errors import InputError
from shelftag.tables.catalog import read_catalog
from shelftag.tables.parse import parse
from shelftag.tables.ranges import table_chunks
from shelftag.tables.sources import check_sources
from tests.object_store import ObjectStore
from tests.tables.made import MERGED, write_tables
from tests.tables.test_formats import packed


def put(folder: Path, store: ObjectStore, bucket: str) -> str:
    """A folder's files in a bucket of their own; the URI of the tables."""
    target = f"{store.bucket(bucket)}/tables"
    fs.copy_files(str(folder), target, destination_filesystem=store.filesystem)
    return store.uri(target)


def test_tables_in_a_bucket(tmp_path: Path, store: ObjectStore) -> None:
    plain = check_sources(write_tables(tmp_path / "plain"))
    for form in ("plain", "gzip", "zip", "parquet", "folder"):
        if form != "plain":
            packed(tmp_path / form, form)
        sources = check_sources(put(tmp_path / form, store, form))
        rows = [
            parse(chunk, source).rows.num_rows
            for name in ("order_products__prior", "order_products__train")
            for source, chunk in table_chunks(sources[name], 30)
        ]
        assert sum(rows) == MERGED
        assert read_catalog(sources).products.equals(read_catalog(plain).products)
    (file,) = check_sources(store.uri("plain/tables/"))["orders"]
    assert file.file.name == store.uri("plain/tables/orders.csv")
    assert file.fingerprint() == plain["orders"][0].fingerprint()
    with pytest.raises(InputError, match=r"nowhere.* is not a folder"):
        check_sources(store.uri("plain/nowhere"))
    with pytest.raises(InputError, match=r"no-such-bucket.*: "):
        check_sources(store.uri("no-such-bucket/tables"))

"""Whether the tables are those that Instacart published in 2017, byte for byte."""

import hashlib
from typing import NamedTuple

from shelftag.tables.formats import csv_bytes, open_csv, whole
from shelftag.tables.sources import Source


class Digest(NamedTuple):
    """A table's CSV."""

    bytes: int
    sha256: str


OFFICIAL = {
    "departments": Digest(270, "e6829cea3da95ec22eeb4e0294094a68b929f3bcfda48fdd7d1e33403110fc43"),
    "aisles": Digest(2_603, "2c5f4677761907d3a3ca01edd2d2abe67c147cc60e4905e68736d5f9f3046067"),
    "products": Digest(
        2_166_953, "abc61fdd748003d280ae49cc5d71b65380805ab1ca55dba96fd9a49295ea78b9"
    ),
    "order_products__train": Digest(
        24_680_147, "d27c4034883051c85e37c2cb0379fecbbeccad932970e171461aa99f18f75aea"
    ),
    "orders": Digest(
        108_968_645, "92a60ced67ac33bd82271f66ff9675374f69482d17a0e1442ba42caa8b3bff89"
    ),
    "order_products__prior": Digest(
        577_550_706, "27b59dc9cf0d485f55e64e0bc9c5d6fb077ae167f8dfeab9246a03b5b0186359"
    ),
}
"""Smallest first: other tables are known by a few bytes."""

READ_BYTES = 2**20


def is_official(sources: dict[str, tuple[Source, ...]]) -> bool:
    """Whether each table is one file, plain or packed, of the official CSV.

    Raises:
        Failed: a file is cut off or damaged.
    """
    alike = all(_may_be(sources[name], digest) for name, digest in OFFICIAL.items())
    return alike and all(_is(sources[name][0], digest) for name, digest in OFFICIAL.items())


def _may_be(files: tuple[Source, ...], digest: Digest) -> bool:
    """By its size, where that is known without unpacking."""
    if len(files) != 1 or files[0].file.format == "parquet":
        return False
    return csv_bytes(files[0].file) in (None, digest.bytes)


def _is(source: Source, digest: Digest) -> bool:
    found = hashlib.sha256()
    with whole(source.file), open_csv(source.file) as stream:
        while block := stream.read(READ_BYTES):
            found.update(block)
    return found.hexdigest() == digest.sha256

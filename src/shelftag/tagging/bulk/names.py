"""Stage `names`: the distinct names of a piece, in slots by their hash.

A slot is a range of hashes. All pieces write the names of a slot together, so one task can read
the slot of all of them, and no name is in two slots.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.artifacts import Place, Tags, fingerprint
from shelftag.artifacts.places import READERS
from shelftag.tagging.bulk.catalogs import Catalog, Part
from shelftag.tagging.bulk.commits import Counts, unique_name
from shelftag.tagging.texts import Texts

HASHES = 2**32
ROWS_PER_SLOT = 2**16
LEAST_BITS, MOST_BITS = 3, 12
FOLDER = "work/names"
OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


class NameCounts(Counts):
    """The distinct names of a piece."""

    slots: tuple[int, ...]
    """Names in each slot."""
    hashes: str
    """Fingerprint of the names' hashes: a file that changed since has another."""


def slot_bits(rows: int) -> int:
    """How many slots, as a power of two: such that one holds some ten thousand names at most."""
    return min(max((rows // ROWS_PER_SLOT).bit_length(), LEAST_BITS), MOST_BITS)


def hashes_of(texts: pa.StringArray) -> NDArray[np.uint32]:
    """CRC-32 of each: the same on all machines, and fast; equal names are found by themselves."""
    values = texts.cast(pa.binary()).to_pylist()
    return np.fromiter(map(crc32, values), np.uint32, len(values))


def by_hash(texts: Texts) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Positions of texts in the order of their hashes, and these."""
    hashes = hashes_of(texts.texts)
    order = np.argsort(hashes, kind="stable")
    return order, hashes[order]


def edges(hashes: NDArray[np.uint32], bits: int) -> NDArray[np.int64]:
    """Where each of the slots begins among sorted hashes, and where the last ends."""
    starts = np.arange(2**bits, dtype=np.uint64) << np.uint64(32 - bits)
    return np.append(np.searchsorted(hashes, starts.astype(np.uint32)), len(hashes))


def write_names(part: Part, catalog: Catalog, bits: int, out: Tags) -> NameCounts:
    """Read a piece and write its names: text, name, description, rows; a batch for each slot.

    Raises:
        Failed: the file cannot be read, or is not what it was.
    """
    rows = catalog.files.read(part.piece, catalog.naming.read_columns).table
    texts = catalog.naming.texts(rows)
    order, hashes = by_hash(texts)
    cuts = edges(hashes, bits)
    name = unique_name(part.index, ".arrow", FOLDER)
    size = _write(_columns(texts).take(pa.array(order)), cuts, out.place / name)
    counts = tuple(np.diff(cuts).tolist())
    return NameCounts(index=part.index, files={name: size}, slots=counts, hashes=digest(hashes))


def digest(hashes: NDArray[np.uint32]) -> str:
    """Of the names of a piece, in the order of their hashes."""
    return fingerprint(hashes.tobytes())


def _columns(texts: Texts) -> pa.Table:
    without = pa.nulls(len(texts.texts), pa.string())
    return pa.table(
        {
            "text": texts.texts,
            "name": texts.names,
            "description": without if texts.descriptions is None else texts.descriptions,
            "rows": pa.array(texts.rows, pa.int64()),
        }
    )


def _write(table: pa.Table, cuts: NDArray[np.int64], file: Place) -> int:
    batch = table.combine_chunks().to_batches()
    whole = batch[0] if batch else pa.RecordBatch.from_pylist([], table.schema)
    with file.create() as sink:
        with pa.ipc.new_file(sink, table.schema, options=OPTIONS) as writer:
            for start, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
                writer.write_batch(whole.slice(start, end - start))
        return int(sink.tell())


def read_of_all(files: Sequence[str], wanted: Sequence[int], out: Tags) -> list[pa.Table]:
    """Some batches of many files below OUT, a table of each."""

    def read(name: str) -> pa.Table:
        return read_batches(out.place / name, wanted)

    if out.place.local is not None:
        return [read(name) for name in files]
    with ThreadPoolExecutor(READERS) as threads:
        return list(threads.map(read, files))


def read_batches(file: Place, wanted: Sequence[int]) -> pa.Table:
    """Some batches of a file, as one table."""
    with file.open() as source, pa.ipc.open_file(source) as reader:
        batches = [reader.get_batch(i) for i in wanted]
        return pa.Table.from_batches(batches, reader.schema)

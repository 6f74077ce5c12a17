"""Stage `names`: every distinct name of a piece is in the slot of its hash, once."""

from collections.abc import Sequence
from pathlib import Path
from threading import Barrier
from zlib import crc32

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.artifacts import Place, Tags
from shelftag.artifacts.places import READERS
from shelftag.catalog.text import text
from shelftag.tagging.bulk import names as module
from shelftag.tagging.bulk.groups import groups
from shelftag.tagging.bulk.names import (
    HASHES,
    edges,
    hashes_of,
    read_batches,
    read_of_all,
    slot_bits,
    write_names,
)
from shelftag.tagging.columns import Naming
from tests.artifacts.stores import bucket
from tests.tagging.bulk.made import job_of, write_csv

NAMES = [f"Tea {i % 70}" for i in range(100)] + ["TEA  7", "Crème", "", "crème"]


@given(st.lists(st.integers(0, HASHES - 1)), st.integers(3, 12))
def test_a_slot_is_a_range_of_hashes(hashes: list[int], bits: int) -> None:
    cuts = edges(np.array(sorted(hashes), np.uint32), bits).tolist()
    assert (len(cuts), cuts[0], cuts[-1]) == (2**bits + 1, 0, len(hashes))
    of_slot = [0] * 2**bits
    for one in hashes:
        of_slot[one * 2**bits // HASHES] += 1
    assert np.diff(cuts).tolist() == of_slot
    for group in groups([of_slot], 1):
        first, end = group.hashes(bits)
        assert sum(first <= one < end for one in hashes) == group.names


def test_hashes_are_those_of_every_machine() -> None:
    texts = ["tea", "crème", ""]
    assert hashes_of(pa.array(texts)).tolist() == [crc32(one.encode()) for one in texts]


@pytest.mark.parametrize(
    ("rows", "bits"), [(1, 3), (2**19 - 1, 3), (2**19, 4), (31_700_000, 9), (10**12, 12)]
)
def test_slots_are_as_many_as_the_rows_ask_for(rows: int, bits: int) -> None:
    assert slot_bits(rows) == bits


@pytest.mark.parametrize("description", [None, "about"])
def test_names_of_a_piece(tmp_path: Path, description: str | None) -> None:
    write_csv(tmp_path / "a.csv", [(name, "Fine") for name in NAMES], ("name", "about"))
    job, (part,) = job_of(tmp_path / "a.csv", tmp_path / "out", naming=Naming("name", description))
    counts = write_names(part, job.catalogs[0], job.bits, job.out)
    ((file, size),) = counts.files.items()
    assert (job.out.place / file).info().size == size
    found = {}
    for slot, names in enumerate(counts.slots):
        for row in read_batches(job.out.place / file, [slot]).to_pylist():
            assert crc32(row["text"].encode()) * 2**job.bits // HASHES == slot
            assert text(row["name"], row["description"]) == row["text"]
            found[row["text"]] = row["rows"]
            names -= 1
        assert names == 0
    texts = [text(name, description and "Fine") for name in NAMES if name]
    assert found == {one: texts.count(one) for one in texts}


def test_other_names_have_another_digest(tmp_path: Path) -> None:
    digests = []
    for rows in (NAMES, NAMES[::-1], [name.upper() for name in NAMES], [*NAMES, "Oats"], [""]):
        write_csv(tmp_path / "a.csv", [(name,) for name in rows])
        job, (part,) = job_of(tmp_path / "a.csv", tmp_path / "out")
        digests.append(write_names(part, job.catalogs[0], job.bits, job.out).hashes)
        job.out.release()
    assert digests[0] == digests[1] == digests[2]
    assert len(set(digests)) == 3


def test_files_of_a_store_are_read_at_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    together, names = Barrier(READERS, timeout=60), [str(i) for i in range(2 * READERS)]

    def read(file: Place, wanted: Sequence[int]) -> pa.Table:
        together.wait()  # till so many wait at a time
        return pa.table({"name": [file.base_name], "wanted": [list(wanted)]})

    monkeypatch.setattr(module, "read_batches", read)
    found = pa.concat_tables(read_of_all(names, [3, 4], Tags(bucket())))
    assert found["name"].to_pylist() == names
    assert found["wanted"].to_pylist() == [[3, 4]] * len(names)

"""Stage `scores`: a name of several pieces is scored once, and all of them are told."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.artifacts import Tags
from shelftag.tagging.bulk.earlier import Earlier
from shelftag.tagging.bulk.names import read_batches
from shelftag.tagging.bulk.rankings import ranking_of
from shelftag.tagging.bulk.scores import BLOCK, together
from shelftag.tagging.tagger import Tagger
from tests import tiny
from tests.artifacts.stores import bucket
from tests.tagging.bulk.made import do, job_of, read, tag, write_csv

SMALL = tiny.config("tagging.rows_per_block=40", "tagging.names_per_block=20")


@given(st.lists(st.dictionaries(st.text("abc", max_size=2), st.integers(1, 9)), min_size=1))
def test_names_of_several_pieces_are_put_together(pieces: list[dict[str, int]]) -> None:
    tables = [
        pa.table(
            {
                "text": pa.array(list(one), pa.string()),
                "name": pa.array([f"{name} of {i}" for name in one], pa.string()),
                "rows": pa.array(list(one.values()), pa.int64()),
            }
        )
        for i, one in enumerate(pieces)
    ]
    names = together(tables)
    total: Counter[str] = Counter()
    for one in pieces:
        total.update(one)
    found = names.table.to_pylist()
    assert {row["text"]: row["rows"] for row in found} == total
    assert len(found) == len(total)
    for row in found:
        first = next(i for i, one in enumerate(pieces) if row["text"] in one)
        assert row["name"] == f"{row['text']} of {first}"
        assert row["hash"] == crc32(row["text"].encode())
    texts = names.texts.to_pylist()
    assert [[texts[i] for i in of.tolist()] for of in names.of_pieces] == [
        list(one) for one in pieces
    ]


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """100 rows, 70 names."""
    write_csv(tmp_path / "a.csv", [(f"Rye Bread {i % 70}",) for i in range(100)])
    return tmp_path / "a.csv"


def test_every_piece_is_told_what_the_tagger_says(catalog: Path, tagger: Tagger) -> None:
    job, parts = job_of(catalog, bucket(), SMALL)
    before = tagger.scored
    done = do(job, parts, tagger)
    assert tagger.scored - before == sum(one.scored for one in done.scores) == 70
    assert (len(parts), len(done.scores)) == (3, 7)  # eight slots, of some nine names each
    answers = [one.answers for one in done.scores]
    for part, names in zip(parts, done.names, strict=True):
        (file,) = names.files
        slots = range(2**job.bits)
        texts = read_batches(job.out.place / file, slots)["text"].to_pylist()
        told = [read_batches(job.out.place / one, [part.index]) for one in answers]
        told_of = ranking_of(pa.concat_tables(told))
        alone = tagger.rank(texts)
        assert np.array_equal(told_of.departments, alone.departments)
        assert np.array_equal(told_of.review, alone.review)
        assert np.allclose(told_of.confidence, alone.confidence, atol=1e-6)


def test_names_are_kept_for_the_next_time(catalog: Path, tagger: Tagger) -> None:
    tags = Tags(bucket())
    manifest = tag(catalog, tags.place, tagger, SMALL)
    tables = [read(tags.place / one.part) for one in manifest.names]
    for one, table in zip(manifest.names, tables, strict=True):
        assert all(one.first <= found < one.end for found in table["hash"].to_pylist())
    names = pa.concat_tables(tables)
    assert sorted(names["text"].to_pylist()) == sorted(f"rye bread {i}" for i in range(70))
    assert sum(names["rows"].to_pylist()) == 100
    ends = [(one.first, one.end) for one in manifest.names]
    assert ends[0][0] == 0
    assert ends[-1][1] == 2**32
    assert all(one[1] == more[0] for one, more in pairwise(ends))


def test_names_of_an_earlier_output_are_taken_over(
    catalog: Path, tagger: Tagger, tmp_path: Path
) -> None:
    old = Tags(bucket())
    tag(catalog, old.place, tagger, SMALL)
    write_csv(catalog, [(f"Rye Bread {i}",) for i in range(60, 80)])  # ten of them are new
    before, since = tagger.scored, Earlier(old, old.manifest(), is_same=True)
    new = tag(catalog, tmp_path / "new", tagger, SMALL, since=since)
    assert tagger.scored - before == new.scored == 10
    assert new.since is not None
    assert (new.since.reused, new.since.gone, new.unique_names) == (10, 60, 20)
    alone = tag(catalog, tmp_path / "alone", tagger, SMALL)
    found, expected = (
        pa.concat_tables(read(tags.place / one.part) for one in manifest.names).sort_by("text")
        for tags, manifest in ((Tags(tmp_path / "new"), new), (Tags(tmp_path / "alone"), alone))
    )
    for column in ("text", "name", "rows", "hash", "order", "review", "candidates"):
        assert found[column].to_pylist() == expected[column].to_pylist()


def test_all_names_are_scored_again_when_tags_would_differ(
    catalog: Path, tagger: Tagger, tmp_path: Path
) -> None:
    old = Tags(tmp_path / "old")
    tag(catalog, old.place, tagger, SMALL)
    labels = ("pets", "frozen", "dairy eggs", "bakery")  # as if a Run with another order made it
    manifest = old.manifest().model_copy(update={"labels": labels})
    since = Earlier(old, manifest, is_same=False)
    new = tag(catalog, tmp_path / "new", tagger, SMALL, since=since)
    assert new.scored == 70
    assert new.since is not None
    assert (new.since.reused, new.since.gone) == (0, 0)
    names = sorted(tiny.NOUNS)
    turned = dict(zip(names, labels, strict=True))
    moved = [name for name in new.departments if turned[name] != name]
    assert new.since.changed_rows == sum(new.departments[name] for name in moved) > 0


def test_more_names_than_are_ranked_at_a_time(tagger: Tagger, tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [(f"{i}",) for i in range(BLOCK + 5)])
    manifest = tag(tmp_path / "a.csv", tmp_path / "out", tagger)
    assert manifest.scored == manifest.rows_out == BLOCK + 5

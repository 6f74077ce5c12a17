"""Names of an earlier output are found by their texts, whatever its groups were."""

from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.artifacts import ScoredNames, Tags, TagsManifest
from shelftag.errors import ArtifactError
from shelftag.tagging.bulk.earlier import Earlier, earlier, find
from shelftag.tagging.bulk.names import HASHES, hashes_of
from tests.artifacts.stores import bucket
from tests.artifacts.test_tags import MANIFEST

texts = st.lists(st.text("abc", max_size=3), unique=True, max_size=20)


def output(names: list[str], cuts: list[int]) -> Earlier:
    """One that keeps some names, in files by their hash."""
    tags, parts = Tags(bucket()), []
    hashes = hashes_of(pa.array(names, pa.string())).tolist()
    edges = [0, *sorted(cuts), HASHES]
    for i, (first, end) in enumerate(pairwise(edges)):
        rows = [(name, one) for name, one in zip(names, hashes, strict=True) if first <= one < end]
        table = pa.table(
            {
                "text": pa.array([name for name, _ in rows], pa.string()),
                "hash": pa.array([one for _, one in rows], pa.uint32()),
                **{name: pa.nulls(len(rows)) for name in ("order", "confidences")},
                **{name: pa.nulls(len(rows)) for name in ("review", "candidates")},
            }
        )
        with (tags.names / str(i)).create() as sink:
            pq.write_table(table, sink)
        parts.append(ScoredNames(part=f"names/{i}", first=first, end=end))
    manifest = {"names": tuple(parts), "unique_names": len(names), "tagging": "as now"}
    return Earlier(tags, MANIFEST.model_copy(update=manifest), is_same=True)


@settings(max_examples=50)
@given(texts, texts, *([st.lists(st.integers(1, HASHES - 1), max_size=3, unique=True)] * 2))
def test_every_name_is_found_where_it_was(
    old: list[str], new: list[str], cuts: list[int], groups: list[int]
) -> None:
    since, gone = output(old, cuts), 0
    edges = [0, *sorted(groups), HASHES]
    hashes = dict(zip(new, hashes_of(pa.array(new, pa.string())).tolist(), strict=True))
    for first, end in pairwise(edges):
        mine = [name for name in new if first <= hashes[name] < end]
        found = find(pa.array(mine, pa.string()), (first, end), since)
        names = found.names["text"].to_pylist()
        assert [names[i] if i >= 0 else None for i in found.place.tolist()] == [
            name if name in old else None for name in mine
        ]
        gone += found.gone
    assert gone == len(set(old) - set(new))


def made(manifest: TagsManifest) -> Tags:
    tags = Tags(bucket())
    tags.begin()
    for one in manifest.names:
        (tags.place / one.part).write(b"no Parquet")
    tags.publish(manifest)
    return tags


def test_what_names_an_earlier_output() -> None:
    manifest = output(["tea"], []).manifest
    assert earlier(made(manifest), "as now").is_same
    assert not earlier(made(manifest), "otherwise").is_same
    assert earlier(made(MANIFEST), "as now").manifest.unique_names == 0
    old = manifest.model_copy(update={"names": ()})
    with pytest.raises(ArtifactError, match="keeps no names: an older version made it"):
        earlier(made(old), "as now")
    with pytest.raises(ArtifactError, match="not a folder"):
        earlier(Tags(bucket()), "as now")


def test_names_that_are_gone_or_damaged_are_refused() -> None:
    manifest = output(["tea"], []).manifest
    tags = made(manifest)
    since = earlier(tags, "as now")
    with pytest.raises(ArtifactError, match=r"names/0, names of --since, .*leave out --since"):
        find(pa.array(["tea"]), (0, HASHES), since)
    (tags.names / "0").remove()
    with pytest.raises(ArtifactError, match=r"lacks names/0.*leave out --since"):
        earlier(tags, "as now")

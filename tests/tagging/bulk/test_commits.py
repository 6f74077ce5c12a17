"""What is done is done once its parts are whole; all else is nobody's."""

from pathlib import Path

import pytest

from shelftag.artifacts import Tags
from shelftag.tagging.bulk.commits import (
    Counts,
    commit,
    committed,
    remove_others,
    unique_name,
)
from tests.artifacts.stores import bucket


@pytest.fixture(params=["disk", "store"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Tags:
    """A half-made output with two pieces of work done, each with two files."""
    tags = Tags(tmp_path if request.param == "disk" else bucket())
    (tags.place / ".shelftag-incomplete").write(b"tag output")
    for index in range(2):
        files = {}
        for folder in ("tags", "tags/shop"):
            name = unique_name(index, ".csv", folder)
            (tags.place / folder).make()
            (tags.place / name).write(b"name\n")
            files[name] = 5
        commit(tags, "rows", Counts(index=index, files=files))
    return tags


def test_what_is_committed_is_done(out: Tags) -> None:
    commit(out, "scores", Counts(index=7, files={}))
    done = committed(out, "rows", Counts)
    assert sorted(done) == [0, 1]
    assert [len(one.files) for one in done.values()] == [2, 2]
    assert set(committed(out, "scores", Counts)) == {7}
    assert committed(out, "names", Counts) == {}


@pytest.mark.parametrize("content", [b"", b"{", b'{"index": 0}', b"\xff", None])
def test_a_damaged_commit_is_none(out: Tags, content: bytes | None) -> None:
    file = out.work / "commits" / "rows-000000.json"
    if content is None:
        file.remove()
    else:
        file.write(content)
    assert set(committed(out, "rows", Counts)) == {1}


@pytest.mark.parametrize("content", [b"name", b"name\n\n", None])
def test_a_commit_whose_part_is_missing_or_short_is_none(out: Tags, content: bytes | None) -> None:
    part = out.place / list(committed(out, "rows", Counts)[1].files)[1]
    part.remove()
    if content is not None:
        part.write(content)
    assert set(committed(out, "rows", Counts)) == {0}


def test_the_last_of_two_commits_is_the_one(out: Tags) -> None:
    """As when a machine was taken for dead, and was not."""
    name = unique_name(0, ".csv", "tags")
    assert name != unique_name(0, ".csv", "tags")
    (out.place / name).write(b"again")
    commit(out, "rows", Counts(index=0, files={name: 5}))
    assert committed(out, "rows", Counts)[0].files == {name: 5}


def test_parts_that_nobody_names_are_removed(out: Tags) -> None:
    kept = [name for one in committed(out, "rows", Counts).values() for name in one.files]
    for name in ("tags/orphan.csv", "tags/shop/orphan.csv", "tags/gone/part.csv"):
        (out.place / name).folder.make()
        (out.place / name).write(b"x")
    for folder in ("tags", "tags/shop", "tags/gone", "errors"):
        remove_others(out, folder, kept)
    assert not (out.place / "tags/gone").entries()
    found = [
        f"{folder}/{one.base_name}"
        for folder in ("tags", "tags/shop")
        for one in (out.place / folder).entries()
        if one.is_file
    ]
    assert sorted(found) == sorted(kept)

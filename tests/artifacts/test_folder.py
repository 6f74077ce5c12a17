"""A folder is complete when its manifest is there."""

from pathlib import Path

import pytest

from shelftag.artifacts import MARKER, Tags, TagsManifest
from shelftag.errors import ArtifactError

MANIFEST = TagsManifest(
    shelftag="test",
    fingerprint="",
    config={},
    run="",
    rows_in=0,
    rows_out=0,
    errors=0,
    unique_names=0,
    review=0,
    departments={},
    parts=(),
)


def test_a_folder_begun_by_a_writer_that_was_killed_at_once_can_be_begun(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "tags")
    tags.path.mkdir()
    (tags.path / MARKER).touch()  # made, and not yet written
    tags.begin()
    assert (tags.path / MARKER).read_text() == tags.kind
    tags.release()
    (tags.path / MARKER).write_text("")
    (tags.path / "mine.txt").touch()
    with pytest.raises(ArtifactError, match="holds files"):
        tags.begin()


def test_going_on_does_not_touch_the_marker(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "tags")
    tags.begin()
    before = (tags.path / MARKER).stat().st_mtime_ns
    tags.hold()
    assert (tags.path / MARKER).stat().st_mtime_ns == before
    tags.release()


def test_drafts_of_a_killed_writer_are_gone_when_it_is_complete(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "tags")
    tags.begin()
    for name in (".manifest.json.123", ".progress.json.123"):
        (tags.path / name).write_text("{")
    tags.publish(MANIFEST)
    assert [file.name for file in tags.path.iterdir()] == ["manifest.json"]

"""A folder is complete when its manifest is there."""

from pathlib import Path

import pytest

from shelftag.artifacts import MARKER, Run, RunManifest
from shelftag.errors import ArtifactError

MANIFEST = RunManifest(
    shelftag="test",
    fingerprint="",
    config={},
    dataset="",
    departments=(),
    base="",
    inference={},
    training={},
    versions={},
)


def test_a_folder_begun_by_a_writer_that_was_killed_at_once_can_be_begun(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.path.mkdir()
    (run.path / MARKER).touch()  # made, and not yet written
    run.begin()
    assert (run.path / MARKER).read_text() == run.kind
    run.release()
    (run.path / MARKER).write_text("")
    (run.path / "mine.txt").touch()
    with pytest.raises(ArtifactError, match="holds files"):
        run.begin()


def test_going_on_does_not_touch_the_marker(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.begin()
    before = (run.path / MARKER).stat().st_mtime_ns
    run.hold()
    assert (run.path / MARKER).stat().st_mtime_ns == before
    run.release()


def test_drafts_of_a_killed_writer_are_gone_when_it_is_complete(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.begin()
    for name in ("manifest.json", run.contents[0]):
        (run.path / f".{name}.123").write_text("{")
    run.publish(MANIFEST)
    assert [file.name for file in run.path.iterdir()] == ["manifest.json"]

"""A tag output, on a disk or a store: free, begun, complete; nobody else's files are lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from shelftag.artifacts import MARKER, Place, Tags, TagsManifest, place_of
from shelftag.errors import ArtifactError
from tests.artifacts.stores import bucket

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


@pytest.fixture(params=["disk", "store"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Tags:
    """An output that nobody began."""
    return Tags((place_of(tmp_path) if request.param == "disk" else bucket()) / "out")


def names(place: Place) -> list[str]:
    return [entry.base_name for entry in place.entries()]


def test_an_output_is_complete_when_its_manifest_is_there(out: Tags) -> None:
    out.check_free(overwrite=False)
    out.begin()
    assert (out.is_half_written, out.is_complete) == (True, False)
    with pytest.raises(ArtifactError, match=r"tag output .*out is half-written"):
        out.manifest()
    for folder in (out.tags, out.names, out.work):
        (folder / "part").write(b"x")
    (out.place / ".summary.json.123").write(b"{")  # a draft of a writer that was killed
    out.publish(MANIFEST)
    assert (out.is_half_written, out.is_complete) == (False, True)
    assert out.manifest() == MANIFEST
    assert [name for name in names(out.place) if name != "errors"] == [
        *("manifest.json", "names", "tags")
    ]


def test_a_complete_output_is_replaced_only_if_asked_to(out: Tags) -> None:
    out.begin()
    (out.tags / "part").write(b"x")
    out.publish(MANIFEST)
    with pytest.raises(ArtifactError, match="is there already") as refused:
        out.check_free(overwrite=False)
    assert "--overwrite" in refused.value.way_out
    (out.place / "mine.txt").write(b"mine")
    out.check_free(overwrite=True)
    out.begin()
    assert not out.is_complete
    assert names(out.tags) == []
    assert (out.place / "mine.txt").read() == b"mine"
    out.release()


def test_a_half_written_output_is_free(out: Tags) -> None:
    out.begin()
    (out.work / "job.json").write(b"{}")
    out.check_free(overwrite=False)
    out.hold()  # going on clears nothing
    assert (out.work / "job.json").read() == b"{}"
    out.release()


@pytest.mark.parametrize("marker", [None, "", "dataset"])
def test_files_of_others_are_left_alone(out: Tags, marker: str | None) -> None:
    if marker is not None:
        out.place.make()
        (out.place / MARKER).write(marker.encode())
    (out.place / "mine.txt").write(b"mine")
    assert not out.is_half_written
    with pytest.raises(ArtifactError, match="holds files that are not a tag output's"):
        out.check_free(overwrite=True)


def test_a_writer_that_was_killed_at_once_leaves_a_folder_that_can_be_begun(tmp_path: Path) -> None:
    out = Tags(tmp_path)
    (tmp_path / MARKER).touch()  # made, and not yet written
    out.check_free(overwrite=False)
    out.begin()
    assert (tmp_path / MARKER).read_text() == "tag output"
    out.release()


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [(None, "is not a folder"), (b"{}", r"manifest\.json is not a tag output manifest")],
)
def test_what_is_no_output(out: Tags, manifest: bytes | None, problem: str) -> None:
    if manifest is not None:
        out.place.make()
        out.manifest_file.write(manifest)
    with pytest.raises(ArtifactError, match=problem):
        out.manifest()
    if manifest is not None:
        with pytest.raises(ArtifactError, match=problem):
            out.check_free(overwrite=True)  # another kind of folder may not be replaced


def test_a_folder_without_a_manifest_and_a_file(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"is without a manifest\.json"):
        Tags(tmp_path).manifest()
    (tmp_path / "file").touch()
    for path, problem in (("file", "file is a file"), ("file/out", "cannot be made")):
        with pytest.raises(ArtifactError, match=problem):
            Tags(tmp_path / path).check_free(overwrite=True)


def test_one_process_at_a_time_writes_to_a_disk(tmp_path: Path) -> None:
    out = Tags(tmp_path / "out")
    out.begin()
    other = "import sys; from shelftag.artifacts import Tags; Tags(sys.argv[1]).begin()"
    command = [sys.executable, "-c", other, str(out.place)]
    held = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "is being written by another process" in held.stderr
    out.release()
    assert subprocess.run(command, check=False).returncode == 0

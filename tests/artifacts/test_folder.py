"""A folder is complete when its manifest is there."""

from pathlib import Path

from shelftag.artifacts import Tags, TagsManifest

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


def test_drafts_of_a_killed_writer_are_gone_when_it_is_complete(tmp_path: Path) -> None:
    tags = Tags(tmp_path / "tags")
    tags.begin()
    for name in (".manifest.json.123", ".progress.json.123"):
        (tags.path / name).write_text("{")
    tags.publish(MANIFEST)
    assert [file.name for file in tags.path.iterdir()] == ["manifest.json"]

"""A place is the same to its users wherever it stands."""

import os
import pickle
from pathlib import Path

import pytest

from shelftag.artifacts import Place, place_of
from shelftag.errors import InputError
from tests.artifacts.stores import bucket


@pytest.fixture(params=["local", "uri", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty folder."""
    (tmp_path / "a b").mkdir()
    return {
        "local": lambda: place_of(tmp_path / "a b"),
        "uri": lambda: place_of((tmp_path / "a b").as_uri()),
        "bucket": bucket,
    }[request.param]()


def test_files_are_written_read_listed_and_removed(place: Place) -> None:
    file = place / "b.txt"
    file.write(b"old")
    file.write(b"new text")
    with (place / "a.txt").create() as sink:
        sink.write(b"1")
        sink.write(b"2")
    assert [entry.base_name for entry in place.entries()] == ["a.txt", "b.txt"]  # no drafts
    assert (file.is_file(), file.is_folder(), place.is_folder()) == (True, False, True)
    assert (file.read(), file.read_range(4, 99), (place / "a.txt").read()) == (
        *(b"new text", b"text"),
        b"12",
    )
    with file.open() as source:
        assert source.size() == 8
    file.remove()
    file.remove()  # it is not there already
    assert not file.is_file()
    with pytest.raises(OSError, match=r"b\.txt"):
        file.read()


def test_folders_are_made_where_there_are_any_and_removed_with_all_in_them(place: Place) -> None:
    folder = place / "deep"
    folder.make()
    (folder / "file").write(b"")
    assert folder.is_folder()
    folder.remove()
    assert not folder.is_folder()
    assert (place / "deep").entries() == []


def test_a_place_goes_to_other_machines(place: Place) -> None:
    (place / "file").write(b"here")
    sent = pickle.loads(pickle.dumps(place))
    assert sent == place
    assert (sent / "file").read() == b"here"


def test_the_folder_of_a_place(place: Place) -> None:
    file = place / "file"
    assert (file.folder.name, file.folder.path, file.folder.base_name) == (
        *(place.name, place.path),
        place.base_name,
    )
    (file.folder / "CURRENT").write(b"x")
    assert (place / "CURRENT").is_file()


@pytest.mark.parametrize(
    ("where", "folder"),
    [
        ("out", "."),
        ("out/", "."),
        ("tagged/out", "tagged"),
        ("tagged/..", "{here_above}"),
        (".", "{here_above}"),
        ("/out", "/"),
        ("file:///out", "file://"),
        ("file:///tagged/out/", "file:///tagged"),
    ],
)
def test_the_folder_is_called_as_the_user_would(where: str, folder: str) -> None:
    place = place_of(where)
    expected = folder.replace("{here_above}", str(Path.cwd().parent))
    assert str(place.folder) == expected
    assert place.folder.path == os.path.dirname(place.path)  # noqa: PTH120


@pytest.mark.parametrize("place", [place_of("/"), bucket()])
def test_what_stands_in_no_folder(place: Place) -> None:
    with pytest.raises(InputError, match="stands in no folder"):
        place.folder  # noqa: B018


def test_options_of_a_store_stay_with_all_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    place = place_of("s3://shop/tagged/?region=eu-west-1")
    assert str(place / "part") == "s3://shop/tagged/part?region=eu-west-1"
    assert str(place.folder) == "s3://shop?region=eu-west-1"
    assert ((place / "part").path, place.local) == ("shop/tagged/part", None)


def test_what_is_no_place() -> None:
    with pytest.raises(InputError, match="holds a key") as refused:
        place_of("s3://key:secret@shop/tagged")
    assert "secret" not in str(refused.value)
    with pytest.raises(InputError, match="nowhere://shop cannot be read"):
        place_of("nowhere://shop")
    with pytest.raises(InputError, match="an empty text is no path"):
        place_of("")


def test_links_are_followed_to_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "there", target_is_directory=True)
    assert place_of(tmp_path / "link" / "a").real_path == str(tmp_path.resolve() / "there" / "a")
    place = bucket()
    assert place.real_path == place.path


def test_a_file_that_cannot_be_written_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        place_of(tmp_path / "file").write(b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_place_that_does_not_answer_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file cannot be reached .*Not a directory"):
        place_of(tmp_path / "file").entries()

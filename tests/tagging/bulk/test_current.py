"""CURRENT names one of several outputs, and is replaced at once."""

from pathlib import Path

import pytest

from shelftag.artifacts import Place, Tags, place_of
from shelftag.errors import ArtifactError, InputError
from shelftag.tagging.bulk.current import make_current, resolved
from tests.artifacts.stores import bucket
from tests.artifacts.test_tags import MANIFEST


@pytest.fixture(params=["disk", "store"])
def tagged(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A folder with two complete outputs."""
    folder = place_of(tmp_path / "tagged") if request.param == "disk" else bucket()
    for day in ("28", "29"):
        tags = Tags(folder / day)
        tags.begin()
        tags.publish(MANIFEST)
    return folder


def test_an_output_is_published_and_rolled_back(tagged: Place) -> None:
    for day in ("28", "29", "28"):
        file = make_current(Tags(tagged / day))
        assert (str(file), file.read()) == (f"{tagged}/CURRENT", f"{day}\n".encode())
        assert resolved(tagged).place == tagged / day
    assert resolved(tagged / "29").place == tagged / "29"  # an output may be named itself
    assert not resolved(tagged / "30").is_complete


def test_only_a_complete_output_is_published(tagged: Place) -> None:
    make_current(Tags(tagged / "28"))
    (Tags(tagged / "29").manifest_file).remove()
    with pytest.raises(ArtifactError, match=r"without a manifest|not a folder"):
        make_current(Tags(tagged / "29"))
    assert resolved(tagged).place == tagged / "28"


@pytest.mark.parametrize("name", [b"", b"a/b", b"../other", b".", b"\n", b"30", b"\xff" * 1_000])
def test_a_current_that_names_no_output_beside_it_is_refused(tagged: Place, name: bytes) -> None:
    (tagged / "CURRENT").write(name)
    with pytest.raises(ArtifactError, match=r"CURRENT names .*, which is no complete") as refused:
        resolved(tagged)
    assert len(str(refused.value)) < 500


def test_a_whole_bucket_cannot_be_current() -> None:
    tags = Tags(bucket())
    tags.begin()
    tags.publish(MANIFEST)
    with pytest.raises(InputError, match="stands in no folder"):
        make_current(tags)


def test_an_output_is_named_from_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tags = Tags("29/")
    tags.begin()
    tags.publish(MANIFEST)
    assert str(make_current(tags)) == "./CURRENT"
    assert (tmp_path / "CURRENT").read_text() == "29\n"

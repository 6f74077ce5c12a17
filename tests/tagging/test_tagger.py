"""Exactly one department for every name, the same in any company."""

from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.artifacts import Run
from shelftag.catalog.text import text
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError
from shelftag.tagging.tagger import LONGEST_REMEMBERED, REVIEW, TAGGED, Tagger

NAMES = ["organic bagel", "spicy dog treats", "golden frozen pizza", "milk", "x" * 500, "日本"]


@pytest.fixture(scope="module")
def tagger(tiny_run: Run) -> Tagger:
    return Tagger.load(tiny_run, TaggingConfig())


@pytest.mark.parametrize(
    ("name", "department"),
    [
        ("Golden Bagel", "bakery"),
        ("Family Size Kefir", "dairy eggs"),
        ("Frozen Pizza 500 g", "frozen"),
        ("Spicy Dog Treats", "pets"),
    ],
)
def test_obvious_items_get_their_department(tagger: Tagger, name: str, department: str) -> None:
    assert tagger.tag([text(name)])[0].department == department


@settings(max_examples=30)
@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=8))
def test_any_text_has_one_known_department(tagger: Tagger, names: list[str]) -> None:
    tags = tagger.tag([text(name) for name in names])
    assert len(tags) == len(names)
    for tag in tags:
        named = [tag.department, *(department for department, _ in tag.alternatives)]
        assert len(set(named)) == len(named) == 3
        assert set(named) <= set(tagger.departments.names)
        assert 0 < tag.confidence <= 1


def test_confidence_does_not_depend_on_the_batch(tiny_run: Run) -> None:
    alone = Tagger.load(tiny_run, TaggingConfig(cache_size=0))
    crowd = Tagger.load(tiny_run, TaggingConfig(cache_size=0))
    together = crowd.probabilities(NAMES)
    one_by_one = np.concatenate([alone.probabilities([name]) for name in NAMES])
    np.testing.assert_allclose(one_by_one, together, atol=1e-3)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)


def test_cache_gives_what_the_model_gave(tiny_run: Run) -> None:
    tagger = Tagger.load(tiny_run, TaggingConfig(cache_size=2))
    first = tagger.probabilities(NAMES)
    np.testing.assert_array_equal(tagger.probabilities(NAMES[::-1])[::-1][-2:], first[-2:])


def test_remembered_rows_hold_no_batch(tiny_run: Run) -> None:
    tagger = Tagger.load(tiny_run, TaggingConfig())
    tagger.tag(NAMES)
    assert set(tagger._cache) == {name for name in NAMES if len(name) <= LONGEST_REMEMBERED}
    assert len(tagger._cache) < len(set(NAMES))
    assert all(row.base is None for row in tagger._cache.values())


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.99999])
def test_threshold_separates_tagged_from_review(tiny_run: Run, threshold: float) -> None:
    tags = Tagger.load(tiny_run, TaggingConfig(threshold=threshold)).tag(NAMES)
    for tag in tags:
        assert tag.status == (TAGGED if tag.confidence >= threshold else REVIEW)


@pytest.mark.parametrize("file", ["calibration_file", "departments_file"])
def test_a_run_whose_parts_do_not_fit_is_refused(tiny_run: Run, tmp_path: Path, file: str) -> None:
    copy = Run(tmp_path / "run")
    copytree(tiny_run.path, copy.path)
    getattr(copy, file).write_text('{"departments": ["bakery", "wine"]}')
    with pytest.raises(ArtifactError, match="train again"):
        Tagger.load(copy, TaggingConfig())


@pytest.mark.parametrize("place", ["adapter/adapter_model.safetensors", "base/model.safetensors"])
def test_weights_changed_after_training_are_refused(
    tiny_run: Run, tmp_path: Path, place: str
) -> None:
    copy = Run(tmp_path / "run")
    copytree(tiny_run.path, copy.path)
    with (copy.path / place).open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    with pytest.raises(ArtifactError, match="changed after training"):
        Tagger.load(copy, TaggingConfig())


def test_no_texts_no_tags(tagger: Tagger) -> None:
    assert tagger.tag([]) == []
    assert tagger.probabilities([]).shape == (0, 4)


@pytest.mark.parametrize("bound", [None, 0.1])
def test_nothing_to_tag_has_no_tags(tiny_run: Run, bound: float | None) -> None:
    """With candidates, and with a calibration from before there were any."""
    tagger = Tagger.load(tiny_run, TaggingConfig())
    tagger.calibration = tagger.calibration.model_copy(update={"candidates_bound": bound})
    ranking = tagger.rank([])
    assert len(ranking.departments) == len(ranking.candidates) == 0
    assert tagger.tag([]) == []

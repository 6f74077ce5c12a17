"""A department added by name: chosen from, and never trusted."""

import numpy as np
import pytest

from shelftag.artifacts import Run
from shelftag.config import load_config
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ConfigError
from shelftag.tagging.ensemble import Ensemble
from shelftag.tagging.new_departments import with_new
from shelftag.tagging.scaling import Scaling, probabilities
from shelftag.tagging.tagger import REVIEW, Tagger

TEXTS = ["organic rye bread", "spicy milk", "frozen peas", "cat litter"]
NEW = ("golden",)


def test_old_departments_keep_their_order_and_odds(tiny_generate_run: Run) -> None:
    old = Tagger.load(tiny_generate_run, TaggingConfig())
    new = Tagger.load(tiny_generate_run, TaggingConfig(new_departments=NEW))
    assert new.departments.names == (*old.departments.names, *NEW)
    likely = new.probabilities(TEXTS)
    assert likely.shape == (4, 5)
    without = likely[:, :4] / likely[:, :4].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(without, old.probabilities(TEXTS), atol=1e-4)


def test_tags_into_them_are_for_review(tiny_generate_run: Run) -> None:
    tagging = TaggingConfig(new_departments=NEW, threshold=0)
    tagger = Tagger.load(tiny_generate_run, tagging)
    certain = np.array([0, 0, 0, 0, 1e4], np.float32)
    tagger._remember({"golden things": certain, "golden bread": certain[::-1].copy()})
    new, old = tagger.tag(["golden things", "golden bread"])
    assert (new.department, new.confidence, new.status) == ("golden", 1.0, REVIEW)
    assert old.status != REVIEW


def test_however_it_is_calibrated_old_ones_keep_their_odds_and_all_sum_to_1() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (50, 6)).astype(np.float32)
    scaling = Scaling(
        temperature=1.5, trust=(0.1, 1.1, -0.8, 0.2), trusts=(0.1, 0.0, -0.2, 0.3), others=2.0
    )
    likely = with_new(logits, scaling, [4, 5])
    np.testing.assert_allclose(likely.sum(axis=1), 1, atol=1e-5)
    without = likely[:, :4] / likely[:, :4].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(without, probabilities(logits[:, :4], scaling), atol=1e-5)
    alone = probabilities(logits[:, :4], scaling)
    np.testing.assert_array_equal(with_new(logits[:, :4], scaling, []), alone)


def test_a_head_has_no_place_for_them(tiny_run: Run) -> None:
    with pytest.raises(ConfigError, match=r"objective is classify.*train\.objective=generate"):
        Tagger.load(tiny_run, TaggingConfig(new_departments=NEW))


def test_known_ones_are_refused(tiny_generate_run: Run) -> None:
    with pytest.raises(ConfigError, match=r"has \['pets'\] already"):
        Tagger.load(tiny_generate_run, TaggingConfig(new_departments=("pets", "golden")))


@pytest.mark.parametrize("names", ["[golden, golden]", "[' ']"])
def test_they_have_names_of_their_own(names: str) -> None:
    with pytest.raises(ConfigError, match="each of its own"):
        load_config(overrides=[f"tagging.new_departments={names}"])


def test_the_linear_model_says_nothing_of_them() -> None:
    class Known:
        """Gives everyone the same."""

        def __init__(self, row: list[float]) -> None:
            self.row = np.array([row], np.float32)

        def logits(self, texts: list[str]) -> np.ndarray:
            return self.row.repeat(len(texts), axis=0)

        decision = logits

    scorer, linear = Known([1, 2, 3]), Known([0.5, -1])
    helped = Ensemble(scorer, linear, 2.0).logits(["a", "b"])  # type: ignore[arg-type]
    assert helped.tolist() == [[2, 0, 3]] * 2

"""Thresholds: the nominal one keeps its word where it was set, the certified one elsewhere too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shelftag.evaluation.selective import NEVER
from shelftag.tagging.abstention import (
    COVERAGES,
    LEVEL,
    STARTS,
    certified_threshold,
    fallback,
    nominal_threshold,
    short,
)
from shelftag.tagging.held_out import held_out
from shelftag.tagging.scaling import Scaling, probabilities
from shelftag.tagging.ways import fit_trusts
from tests.tagging.made_logits import draw, made_logits


@given(st.integers(0, 2**31), st.integers(1, 400), st.floats(0.05, 0.95))
def test_the_nominal_threshold_is_the_smallest_that_reaches_the_target(
    seed: int, n: int, target: float
) -> None:
    confidence, correct = _world(seed, n, 0.0)
    threshold = nominal_threshold(confidence, correct, target)
    if threshold == NEVER:
        return
    assert correct[confidence >= threshold].mean() >= target
    for lower in np.unique(confidence[confidence < threshold]):
        assert correct[confidence >= lower].mean() < target


def test_a_target_out_of_reach_sends_all_to_review() -> None:
    confidence, wrong = np.linspace(0.1, 0.9, 100, dtype=np.float32), np.zeros(100, dtype=bool)
    assert nominal_threshold(confidence, wrong, 0.98) == NEVER
    assert certified_threshold(confidence, wrong, 0.98) == NEVER


def test_a_certificate_takes_rows() -> None:
    """All right: 0.98 needs 183 rows at half the level, since 0.98^183 is just below 0.025."""
    confidence = np.linspace(0.9, 0.99, 1_000, dtype=np.float32)
    few, right = confidence[-182:], np.ones(1_000, bool)
    assert certified_threshold(few, right[:182], 0.98) == NEVER
    threshold = certified_threshold(confidence, right, 0.98)
    assert (confidence >= threshold).all()


@pytest.mark.parametrize("boast", [-0.1, 0.0, 0.3])
def test_the_certificate_is_wrong_at_most_as_often_as_said(boast: float) -> None:
    """Whether confidences are honest, too modest or too bold: precision is what counts."""
    target, found = 0.9, []
    everyone, _ = _world(0, 100_000, boast)
    truth = _truth(everyone, boast)
    for seed in range(400):
        threshold = certified_threshold(*_world(seed + 1, 800, boast), target)
        accepted = everyone >= threshold
        found.append(not accepted.any() or truth[accepted].mean() >= target)
    assert np.mean(~np.array(found)) <= LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / len(found))


def test_it_holds_for_confidences_fitted_to_validation() -> None:
    target, wrong = 0.9, []
    truth = Scaling(temperature=1.5, trusts=(0.5, -0.5, 0.0, 0.0, 0.0), trust=(0.0, 1.0, -1.0, 0.5))
    everyone = made_logits(0, 5_000)
    chances = probabilities(everyone, truth).max(axis=1)
    for seed in range(40):
        logits = everyone[np.random.default_rng(seed).integers(0, len(everyone), 800)]
        labels = draw(logits, truth, seed)
        confidences = held_out(fit_trusts, logits, labels).confidences
        correct, fitted = logits.argmax(axis=1) == labels, fit_trusts(logits, labels)
        threshold = certified_threshold(confidences, correct, target)
        accepted = probabilities(everyone, fitted).max(axis=1) >= threshold
        wrong.append(bool(accepted.any()) and chances[accepted].mean() < target)
    assert np.mean(wrong) <= LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / len(wrong))


@given(st.lists(st.floats(0, 0.2), min_size=1, max_size=20), st.integers(0, 99))
def test_fallback_rejects_a_beginning_from_each_start(p_values: list[float], seed: int) -> None:
    levels = np.random.default_rng(seed).choice([0, 0.025], len(p_values))
    rejected = fallback(np.array(p_values), levels)
    for place in np.flatnonzero(rejected):
        assert p_values[place] <= levels[: place + 1].sum()
        assert levels[place] > 0 or (place > 0 and rejected[place - 1])


def test_starts_are_coverages_that_are_tested() -> None:
    assert np.isin(STARTS, COVERAGES).all()
    assert COVERAGES[-1] == 1


def _world(seed: int, n: int, boast: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    confidence = np.round(rng.beta(6, 1, n), 2).astype(np.float32)  # with ties
    return confidence, rng.random(n) < _truth(confidence, boast)


def _truth(confidence: NDArray[np.float32], boast: float) -> NDArray[np.float64]:
    return np.clip(confidence.astype(np.float64) ** (1 + boast * 3), 0, 1)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40), st.data())
def test_a_short_threshold_accepts_the_same_rows(found: list[float], data: st.DataObject) -> None:
    confidence = np.array(found, np.float32)
    threshold = data.draw(st.sampled_from(confidence.tolist()))
    said = float(repr(short(np.float32(threshold), confidence)))
    np.testing.assert_array_equal(confidence >= said, confidence >= threshold)
    np.testing.assert_array_equal(confidence.astype(float) >= said, confidence >= threshold)


def test_a_threshold_is_as_short_as_can_be() -> None:
    confidence = np.array([0.5, 0.93, 0.935512, 0.99], np.float32)
    assert short(confidence[2], confidence) == 0.935
    assert short(confidence[0], confidence) == 0.5
    sure = np.array([0.99993, 0.99996, 1.0], np.float32)
    assert short(sure[1], sure) == 0.99996

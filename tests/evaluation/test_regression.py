"""The verdict on a fall: not fooled by few products or many departments."""

import numpy as np
import pytest

from shelftag.evaluation.randomization import Counts, count
from shelftag.evaluation.regression import SIGNIFICANCE, Change, change, holm, judge

ALLOWED = 0.05


def test_holm_by_hand() -> None:
    assert holm(np.array([0.04, 0.01, 0.03, 0.5])) == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert holm(np.array([0.6, 0.9])).tolist() == [1, 1]
    assert holm(np.array([])).tolist() == []


def test_a_fall_beside_many_others_needs_its_own_proof() -> None:
    """Nine sure falls do not excuse a tenth that chance explains in 4 of 100 (under Benjamini and
    Hochberg's procedure they would)."""
    sure, doubtful = (
        Change(before=0.9, after=0.5, p_value=p, verdict="holds") for p in (1e-6, 0.04)
    )
    found = judge([*[sure] * 9, doubtful, doubtful], ALLOWED)
    assert [one.verdict for one in found] == ["falls"] * 9 + ["cannot tell"] * 2


def test_one_product_of_five_is_no_proof() -> None:
    counts = Counts(5, both=(4, 0), champion_only=(1, 0), candidate_only=(0, 0))
    (found,) = judge([change(counts, "recall", ALLOWED)], ALLOWED)
    assert found.rise == pytest.approx(-0.2)
    assert (found.verdict, found.p_value) == ("cannot tell", None)


def test_a_large_clear_fall_is_found_among_forty_looks() -> None:
    still = Counts(100, both=(80, 10), champion_only=(5, 2), candidate_only=(5, 2))
    worse = Counts(60, both=(40, 5), champion_only=(15, 0), candidate_only=(1, 0))
    looks = [change(one, "recall", ALLOWED) for one in [worse, *[still] * 39]]
    found = judge(looks, ALLOWED)
    assert [one.verdict for one in found] == ["falls", *["holds"] * 39]


def test_a_sure_fall_that_is_allowed_holds() -> None:
    counts = Counts(1000, both=(900, 0), champion_only=(40, 0), candidate_only=(0, 0))
    (found,) = judge([change(counts, "recall", ALLOWED)], ALLOWED)
    assert (found.verdict, found.p_value) == ("holds", None)  # at most 4 points are at stake


def test_nothing_to_count_is_none() -> None:
    counts = Counts(0, both=(0, 0), champion_only=(0, 3), candidate_only=(0, 0))
    recall, precision = change(counts, "recall", ALLOWED), change(counts, "precision", ALLOWED)
    assert (recall.before, recall.after, recall.rise) == (None, None, None)
    assert (precision.before, precision.after) == (0, None)
    assert {one.verdict for one in judge([recall, precision], ALLOWED)} == {"holds"}


def test_an_equal_candidate_is_seldom_stopped() -> None:
    """200 worlds of 20 departments of 10 to 200 products, where both models are equally good."""
    chance, stopped = np.random.default_rng(1), 0
    sizes = np.linspace(10, 200, 20).astype(int)
    for _ in range(200):
        looks = []
        for size in sizes:
            first, second = (chance.random(size) < 0.85 for _ in range(2))
            looks.append(change(count(first, second, np.ones(size, bool)), "recall", ALLOWED))
        stopped += any(one.verdict == "falls" for one in judge(looks, ALLOWED))
    assert stopped / 200 <= SIGNIFICANCE + 0.03

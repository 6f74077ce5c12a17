"""What is counted of tagged products."""

import numpy as np
import pytest

from shelftag.evaluation.drift import (
    CONFIDENCE,
    DEPARTMENTS,
    NEW,
    UNSEEN,
    Learned,
    Tagged,
    bin_names,
    counts,
    decile_edges,
    measure_feeds,
    shares_of,
    unseen_words,
)

LEARNED = Learned(("bakery", "dairy"), frozenset({"milk", "rye", "bread"}))


def tagged(names: list[str], departments: list[str], confidence: list[float]) -> Tagged:
    return Tagged(
        np.array(names, object),
        np.array(departments, object),
        np.array(confidence, np.float32),
        np.array(confidence) < 0.5,
    )


def test_words_are_the_catalogs_and_single_letters_are_none() -> None:
    """The last one begins with a full-width M."""
    unseen, known = unseen_words(
        ["MILK 2 L", "Ben's Rye-Bread", "!", "\uff2dilk"], LEARNED.vocabulary
    )
    assert unseen.tolist() == [0, 1, 0, 0]
    assert known.tolist() == [1, 3, 0, 1]


def test_shares() -> None:
    found = shares_of(
        tagged(["Rye Bread", "A New Milk"], ["bakery", "dairy"], [0.25, 0.75]), LEARNED.vocabulary
    )
    assert found.unseen_words == pytest.approx(1 / 4)
    assert (found.few_words, found.review, found.confidence) == (0.5, 0.5, 0.5)
    none = shares_of(tagged(["!"], ["dairy"], [0.5]), LEARNED.vocabulary)
    assert none.unseen_words is None


def test_equal_confidences_make_one_edge() -> None:
    assert decile_edges(np.full(20, 0.5, np.float32)).tolist() == [0.5]
    assert len(decile_edges(np.linspace(0, 1, 100, dtype=np.float32))) == 9


def test_edges_that_are_written_alike_are_one() -> None:
    """A sure model: five tenths of its confidences begin at 0.9996 or more, written 1.000."""
    confidence = np.concatenate([np.linspace(0.5, 0.9, 45), np.linspace(0.9996, 1, 55)])
    edges = decile_edges(confidence.astype(np.float32))
    names = bin_names(edges, LEARNED)[CONFIDENCE]
    assert len(set(names)) == len(names) == len(edges) + 1
    assert edges[-1] == pytest.approx(0.9996, abs=1e-4)
    reference = tagged(["Milk"] * 100, ["dairy"] * 100, confidence.tolist())
    assert counts(reference, edges, LEARNED)[CONFIDENCE][-1] == 50


def test_departments_added_after_training_are_the_last_bin() -> None:
    reference = tagged(["Milk"] * 100, ["dairy"] * 100, [0.9] * 100)
    now = tagged(["Milk"] * 100, ["dairy"] * 50 + ["plants"] * 30 + ["toys"] * 20, [0.9] * 100)
    (found,) = measure_feeds(reference, now, None, LEARNED, 0.25, seed=0)
    mix = found.measures[0]
    assert (mix.measure, mix.bins) == (DEPARTMENTS, ("bakery", "dairy", NEW))
    assert (mix.reference, mix.now) == ((0, 100, 0), (0, 50, 50))
    assert mix.verdict == "drifts"


def test_each_feed_is_measured_alone() -> None:
    reference = tagged(["Milk"] * 50 + ["Rye"] * 50, ["dairy"] * 50 + ["bakery"] * 50, [0.9] * 100)
    now = tagged(
        ["Milk"] * 25 + ["Rye"] * 25 + ["New Thing"] * 50,
        ["dairy"] * 25 + ["bakery"] * 25 + ["dairy"] * 50,
        [0.9] * 50 + [0.2] * 50,
    )
    feeds = np.array(["old shop"] * 50 + ["new shop"] * 50, object)
    whole, new, old = measure_feeds(reference, now, feeds, LEARNED, 0.25, seed=0)
    assert [(one.feed, one.rows) for one in (whole, new, old)] == [
        ("all", 100),
        ("new shop", 50),
        ("old shop", 50),
    ]
    assert {one.verdict for one in old.measures} == {"holds"}
    assert {one.measure: one.verdict for one in new.measures} == {
        DEPARTMENTS: "drifts",
        CONFIDENCE: "drifts",
        UNSEEN: "drifts",
    }
    assert new.measures[2].now == (0, 0, 50, 0)
    assert sum(whole.measures[1].now) == 100
    (alone,) = measure_feeds(reference, now, None, LEARNED, 0.25, seed=0)
    assert alone == whole

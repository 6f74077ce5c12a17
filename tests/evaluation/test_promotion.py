"""Two Runs on the products they share."""

import pyarrow as pa
import pytest

from shelftag.errors import InputError
from shelftag.evaluation.comparison import Comparison
from shelftag.evaluation.predictions import Predictions
from shelftag.evaluation.promotion import compare_predictions
from tests.evaluation.made_predictions import predictions

FILED = ["bakery"] * 40 + ["dairy"] * 40 + ["pets"] * 40


def compared(champion: Predictions, candidate: Predictions) -> Comparison:
    return compare_predictions(champion, candidate, 0.05, seed=0)


def test_equal_runs_may_take_each_others_place() -> None:
    found = compared(predictions(FILED, FILED), predictions(FILED, FILED, run="b" * 32))
    assert (found.rows, found.of, found.refiled) == (120, (120, 120), 0)
    assert (found.accuracy, found.difference.accuracy) == ((1, 1), 0)
    assert (found.failures, found.doubts, found.moves) == ((), (), ())
    assert found.verdict.startswith("May be promoted")
    assert Comparison.model_validate_json(found.model_dump_json()) == found


def test_a_department_that_falls_is_named() -> None:
    chosen = ["bakery"] * 25 + ["pets"] * 15 + FILED[40:]
    found = compared(predictions(FILED, FILED), predictions(FILED, chosen, confidence=0.5))
    assert found.failures == (
        "recall of bakery from 100.0% to 62.5% (40 products)",
        "precision of pets from 100.0% to 72.7% (40 products)",
    )
    (move,) = found.moves
    assert (move.before, move.after, move.products) == ("bakery", "pets", 15)
    assert (move.mended, move.spoiled) == (0, 15)
    assert found.confidence == pytest.approx((0.9, 0.5))
    assert found.departments[2].chosen == (40, 55)
    assert found.verdict.startswith("Not to be promoted, 2 fall by")
    better = compared(predictions(FILED, chosen), predictions(FILED, FILED))
    assert not better.failures
    assert better.moves[0].mended == 15


def test_a_fall_on_few_products_is_a_doubt() -> None:
    filed = FILED[:82]
    chosen = [*filed[:81], "dairy"]
    found = compared(predictions(filed, filed), predictions(filed, chosen))
    assert not found.failures
    assert found.doubts == ("recall of pets from 100.0% to 50.0% (2 products)",)


def test_only_products_with_the_same_id_and_name_count() -> None:
    old, new = predictions(FILED, FILED), predictions(FILED, FILED)
    names = ["other" if row < 30 else f"product {row}" for row in range(120)]
    renamed = new.table.set_column(1, "name", pa.array(names))
    moved = renamed.slice(10).take(pa.array(range(109, -1, -1)))  # in another order
    found = compared(old, Predictions(new.origin, moved))
    assert (found.rows, found.of) == (90, (120, 110))
    assert found.accuracy == (1, 1)
    with pytest.raises(InputError, match="0 test products in common"):
        compared(old, Predictions(new.origin, renamed.slice(0, 30)))


def test_departments_that_one_alone_knows() -> None:
    labels = ("bakery", "dairy", "plants")
    filed = FILED[:80] + ["plants"] * 40
    found = compared(predictions(FILED, FILED), predictions(filed, filed, labels=labels))
    assert (found.champion_only, found.candidate_only) == (("pets",), ("plants",))
    assert (found.rows, found.labels) == (80, ("bakery", "dairy"))
    new = predictions(["plants"] * 120, ["plants"] * 120, labels=("plants", "dairy"))
    with pytest.raises(InputError, match="no common test product is filed under dairy"):
        compared(predictions(FILED, FILED), new)
    with pytest.raises(InputError, match="no department in common"):
        compared(predictions(FILED, FILED), predictions(filed, filed, labels=("plants",)))


def test_the_candidates_filing_counts() -> None:
    refiled = ["dairy", *FILED[1:]]
    found = compared(predictions(FILED, FILED), predictions(refiled, refiled))
    assert found.refiled == 1
    assert found.accuracy == pytest.approx((119 / 120, 1))

"""Two Runs on the products they share."""

import pyarrow as pa
import pytest

from shelftag.errors import InputError
from shelftag.evaluation.comparison import Comparison
from shelftag.evaluation.predictions import Predictions
from shelftag.evaluation.promotion import compare_predictions
from tests.evaluation.made import LABELS
from tests.evaluation.made_predictions import predictions

FILED = ["bakery"] * 40 + ["dairy"] * 40 + ["pets"] * 40


def compared(champion: Predictions, candidate: Predictions) -> Comparison:
    return compare_predictions(champion, candidate, 0.05, allow_lost=False, seed=0)


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
        "accuracy from 100.0% to 87.5% (120 products)",
        "recall of bakery from 100.0% to 62.5% (40 products)",
        "precision of pets from 100.0% to 72.7% (40 products)",
    )
    (move,) = found.moves
    assert (move.before, move.after, move.products) == ("bakery", "pets", 15)
    assert (move.mended, move.spoiled) == (0, 15)
    assert found.confidence == pytest.approx((0.9, 0.5))
    assert found.departments[2].chosen == (40, 55)
    assert found.verdict.startswith(
        "Not to be promoted, accuracy falls by more than chance and 2 fall by more than chance"
    )
    better = compared(predictions(FILED, chosen), predictions(FILED, FILED))
    assert not better.failures
    assert better.moves[0].mended == 15


def test_a_small_fall_everywhere_is_a_fall_of_accuracy() -> None:
    """4 of every 100 products are lost in each department: allowed there, but it is no chance."""
    filed = [name for name in ("bakery", "dairy", "pets") for _ in range(100)]
    chosen = [
        filed[row - 100] if row % 100 < 4 else name for row, name in enumerate(filed)
    ]  # four of each go to the department before
    found = compared(predictions(filed, filed), predictions(filed, chosen))
    assert found.difference.high < 0
    assert found.failures == ("accuracy from 100.0% to 96.0% (300 products)",)
    assert found.verdict.startswith("Not to be promoted, accuracy falls by more than chance: ")
    assert not compared(predictions(filed, chosen), predictions(filed, filed)).failures


def test_a_fall_of_accuracy_that_may_be_chance_passes() -> None:
    first, second = ["dairy", *FILED[1:]], ["dairy", "dairy", "pets", *FILED[3:]]
    found = compared(predictions(FILED, first), predictions(FILED, second))
    assert found.difference.accuracy < 0 <= found.difference.high
    assert not found.failures


def test_everything_is_allowed_by_1() -> None:
    worse = predictions(FILED, ["dairy"] * 40 + ["bakery"] * 80, labels=LABELS[:2])
    found = compare_predictions(predictions(FILED, FILED), worse, 1.0, allow_lost=False, seed=0)
    assert (found.less_accurate, found.lost[0].department) == (True, "pets")
    assert (found.failures, found.doubts) == ((), ())
    assert found.verdict.startswith("May be promoted, as everything is allowed: accuracy 100.0% →")


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
    assert found.failures == ("pets is lost (40 products)",)
    assert found.verdict.startswith("Not to be promoted, it does not know pets: accuracy 100.0%")
    meant = found.model_copy(update={"allow_lost": True})
    assert not meant.failures
    assert meant.verdict.startswith("May be promoted, nothing falls")
    new = predictions(["plants"] * 120, ["plants"] * 120, labels=("plants", "dairy"))
    with pytest.raises(InputError, match="no common test product is filed under dairy"):
        compared(predictions(FILED, FILED), new)
    with pytest.raises(InputError, match="no department in common"):
        compared(predictions(FILED, FILED), predictions(filed, filed, labels=("plants",)))


def test_a_department_that_the_champion_never_chooses_is_not_lost() -> None:
    filed = FILED[:80]
    found = compared(predictions(filed, filed), predictions(filed, filed, labels=LABELS[:2]))
    assert (found.champion_only, found.lost, found.failures) == (("pets",), (), ())


def test_the_candidates_filing_counts() -> None:
    refiled = ["dairy", *FILED[1:]]
    found = compared(predictions(FILED, FILED), predictions(refiled, refiled))
    assert found.refiled == 1
    assert found.accuracy == pytest.approx((119 / 120, 1))

"""What a model can know of the held-out products."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from shelftag.artifacts import Leakage
from shelftag.catalog.split import token_key
from shelftag.catalog.text import text
from shelftag.tables.leakage import audit, audit_names, with_purchases
from shelftag.tables.name_keys import name_keys


def rows(*found: tuple[str, str, str, int]) -> pa.Table:
    """Rows of (name, department, split, purchases)."""
    names, departments, splits, purchases = zip(*found, strict=True)
    return pa.table(
        {
            "id": range(len(found)),
            "name": names,
            "department": departments,
            "aisle": departments,
            "purchases": purchases,
            "split": splits,
        }
    )


def test_each_count_includes_the_one_before() -> None:
    found = audit(
        rows(
            ("Red Tea", "tea", "train", 5),
            ("Red Tea", "tea", "test", 0),
            ("red  TEA!", "tea", "valid", 1),
            ("Tea, Red", "tea", "test", 7),
            ("Organic Black Tea Leaves", "tea", "train", 1),
            ("Organic Black Tea Leave", "tea", "test", 1),
            ("Black Jam", "jam", "test", 2),
            ("Jam", "jam", "unlabelled", 9),
            ("Jam", "jam", "valid", 9),
        )
    )
    assert found == Leakage(
        held_out=6,
        exact=1,
        spelling=2,
        token_set=3,
        near=4,
        near_examples=(("Organic Black Tea Leave", "Organic Black Tea Leaves"),),
        test_purchases=11,
        test_purchases_known=1,
        lookup_right=1,
        determining=("aisle",),
    )


def test_a_lookup_says_the_department_bought_most() -> None:
    found = audit(
        rows(
            ("Tea", "tea", "train", 1),
            ("TEA", "tea", "train", 1),
            ("tea.", "pets", "train", 3),
            ("Tea", "pets", "test", 10),
            ("Tea", "tea", "test", 100),
            ("New", "tea", "test", 1_000),
        )
    )
    assert (found.test_purchases, found.test_purchases_known) == (1_110, 110)
    assert found.lookup_right == 10


def test_of_departments_bought_alike_the_first_by_name() -> None:
    train = (("Tea", "pets", "train", 2), ("Tea", "jam", "train", 2))
    assert audit(rows(*train, ("Tea", "jam", "test", 4))).lookup_right == 4
    assert audit(rows(*train, ("Tea", "pets", "test", 4))).lookup_right == 0


def test_without_a_name_in_train_nothing_is_known() -> None:
    table = rows(("Tea", "tea", "test", 3), ("Jam", "jam", "unlabelled", 2))
    assert audit(table) == Leakage(held_out=1, test_purchases=3)


def test_conflicting_labels_are_counted() -> None:
    found = audit(
        rows(
            ("Tea", "tea", "train", 1),
            ("tea", "pets", "train", 1),
            ("Tea", "tea", "valid", 1),
            ("Jam", "tea", "train", 1),
        )
    )
    assert (found.conflicts, found.conflicting_products) == (1, 3)


def test_purchases_may_come_later() -> None:
    table = rows(("Tea", "tea", "train", 1), ("Tea", "jam", "test", 4))
    early = audit_names(table.drop_columns("purchases"))
    assert with_purchases(early, table) == audit(table)


@given(st.lists(st.text("aB é-_!日", max_size=6), max_size=20))
def test_keys_follow_from_each_other(names: list[str]) -> None:
    keys = name_keys(names)
    for key, function in (
        (keys.exact, str),
        (keys.spelling, lambda name: keys.spellings[keys.spelling[names.index(name)]]),
        (keys.token_set, token_key),
    ):
        alike = [[function(one) == function(other) for other in names] for one in names]
        assert (key[:, None] == key[None, :]).tolist() == alike
    assert all(len(set(keys.token_set[keys.spelling == key])) == 1 for key in keys.spelling)
    assert all(len(set(keys.spelling[keys.exact == key])) == 1 for key in keys.exact)


def test_spelling_forgets_case_punctuation_and_white_space() -> None:
    keys = name_keys(["Half-&-Half", " half  HALF!", "halfhalf", "¿?", "!", "  ! "])
    assert keys.spelling.tolist() == [0, 0, 1, 2, 3, 3]
    assert keys.spellings == ["half half", "halfhalf", text("¿?"), "!"]

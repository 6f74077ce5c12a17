"""Dense or searched, a lookup is a dictionary."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tables.lookup import Lookup
from shelftag.tables.schemas import MAX_ID

IDS = st.integers(0, MAX_ID) | st.integers(0, 50)


@settings(deadline=None)
@given(known=st.sets(IDS), asked=st.lists(IDS))
def test_find_is_a_dictionary_of_rows(known: set[int], asked: list[int]) -> None:
    ids = np.array(sorted(known), np.int64)
    rows = {key: row for row, key in enumerate(sorted(known))}
    asked += sorted(known)
    found = Lookup.of(ids).find(np.array(asked, np.int64))
    assert found.tolist() == [rows.get(key, -1) for key in asked]


@pytest.mark.parametrize(
    ("ids", "dense"),
    [([1, 2, 3], True), ([5, 60_000], True), ([0, MAX_ID], False), ([10**12, 10**12 + 3], True)],
)
def test_ids_that_lie_together_are_indexed(ids: list[int], dense: bool) -> None:
    assert bool(len(Lookup.of(np.array(ids)).rows)) is dense

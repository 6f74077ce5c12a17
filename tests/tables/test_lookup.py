"""Dense or searched, a lookup is a dictionary."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.tables.lookup import Lookup, first_by_id
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
    ("ids", "slots", "searched"),
    [
        ([1, 2, 3], 0, 0),
        ([5, 60_000], 59_996, 0),
        ([0, MAX_ID], 0, 2),
        ([10**12, 10**12 + 3], 4, 0),
    ],
)
def test_ids_that_lie_together_are_indexed(ids: list[int], slots: int, searched: int) -> None:
    lookup = Lookup.of(np.array(ids))
    assert (len(lookup.rows), len(lookup.ids)) == (slots, searched)


@given(ids=st.lists(IDS))
def test_the_first_row_of_each_id(ids: list[int]) -> None:
    first = first_by_id(np.array(ids, np.int64))
    assert [(ids[row], row) for row in first] == [(key, ids.index(key)) for key in sorted(set(ids))]

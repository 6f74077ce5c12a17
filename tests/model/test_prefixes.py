"""Trees of beginnings: each once, and the way back to every text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shelftag.model.prefixes import prefixes_of
from shelftag.model.tokens import ragged

rows = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=12)


@given(rows)
def test_every_beginning_is_there_once(rows: list[list[int]]) -> None:
    encoded = ragged(rows)
    tree = prefixes_of(encoded, encoded.sorted_rows())
    found = [tuple(tree.tokens[path].tolist()) for paths in tree.paths for path in paths]
    assert len(found) == len(set(found)) == len(tree.tokens)
    assert set(found) == {tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)}
    assert [path[-1] for paths in tree.paths for path in paths] == list(range(len(found)))


@given(rows)
def test_ends_are_the_texts_in_order(rows: list[list[int]]) -> None:
    encoded = ragged(rows)
    order = encoded.sorted_rows()
    tree = prefixes_of(encoded, order)
    read = [tree.tokens[path].tolist() for paths in tree.ends for path in paths]
    assert read == [rows[row] for row in order]


@given(rows)
def test_texts_alike_stand_together(rows: list[list[int]]) -> None:
    ordered = [rows[row] for row in ragged(rows).sorted_rows()]
    keys = [(len(row), (row[1:4] + row[-1:] * 3)[:3]) for row in ordered]
    assert keys == sorted(keys)


def test_no_texts_have_no_order() -> None:
    assert ragged([]).sorted_rows().dtype == np.int64

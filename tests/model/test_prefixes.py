"""Trees of beginnings: each once, and the way back to every text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shelftag.model import prefixes
from shelftag.model.prefixes import BLOCK_TOKENS, prefixes_of
from shelftag.model.tokens import ragged

rows = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=12)


@given(rows)
def test_every_beginning_is_there_once(rows: list[list[int]]) -> None:
    encoded = ragged(rows)
    tree = prefixes_of(encoded, encoded.sorted_rows())
    texts = [path for block in tree.blocks for path in block]
    paths = [texts[row][: depth + 1] for row, depth in zip(tree.rows, tree.depths, strict=True)]
    assert [path[-1] for path in paths] == list(range(len(tree.tokens)))
    found = [tuple(tree.tokens[path].tolist()) for path in paths]
    assert len(found) == len(set(found))
    assert set(found) == {tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)}


@given(rows)
def test_ends_are_the_texts_in_order(rows: list[list[int]]) -> None:
    encoded = ragged(rows)
    order = encoded.sorted_rows()
    tree = prefixes_of(encoded, order)
    texts = [path for block in tree.blocks for path in block]
    lengths = tree.depths[tree.ends] + 1
    read = [tree.tokens[path[:end]].tolist() for path, end in zip(texts, lengths, strict=True)]
    assert read == [rows[row] for row in order]
    assert [path[end - 1] for path, end in zip(texts, lengths, strict=True)] == tree.ends.tolist()


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_blocks_hold_little_padding_and_are_bounded(lengths: list[int]) -> None:
    encoded = ragged([[2] * length for length in lengths])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "MOST_PAIRS", 1_000)
        tree = prefixes_of(encoded, encoded.sorted_rows())
    rest = sorted(lengths)
    for block in tree.blocks:
        texts, longest = block.shape
        held, rest = rest[:texts], rest[texts:]
        assert longest == held[-1] < held[0] + BLOCK_TOKENS
        assert texts == 1 or texts * longest**2 <= 1_000
    assert rest == []


@given(rows)
def test_texts_alike_stand_together(rows: list[list[int]]) -> None:
    ordered = [rows[row] for row in ragged(rows).sorted_rows()]
    keys = [(len(row), (row[1:4] + row[-1:] * 3)[:3]) for row in ordered]
    assert keys == sorted(keys)


def test_no_texts_have_no_order() -> None:
    assert ragged([]).sorted_rows().dtype == np.int64

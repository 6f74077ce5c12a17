"""Labels as a tree: every label a path, what is alike once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shelftag.model.label_trie import LabelTrie, label_trie

END = 0
LABELS = st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=5), min_size=1, max_size=12)


def path(trie: LabelTrie, label: int) -> list[int]:
    """The tokens from the prompt to a label's end."""
    node, tokens = int(trie.ends[label]), list[int]()
    while node >= 0:
        tokens.append(int(trie.tokens[node]))
        node = int(trie.parents[node])
    return tokens[::-1]


@given(LABELS)
def test_every_label_is_a_path(labels: list[list[int]]) -> None:
    ended = [(*label, END) for label in labels]
    trie = label_trie(ended)
    assert [tuple(path(trie, i)) for i in range(len(ended))] == ended
    for passes, label in zip(trie.paths, ended, strict=True):
        assert sorted(trie.tokens[passes]) == sorted(label)
        assert sorted(trie.depths[passes]) == list(range(len(label)))


@given(LABELS)
def test_what_is_alike_is_there_once(labels: list[list[int]]) -> None:
    ended = [(*label, END) for label in labels]
    trie = label_trie(ended)
    assert len(trie.tokens) == len({label[:i] for label in ended for i in range(1, len(label) + 1)})
    assert (trie.parents < np.arange(len(trie.parents))).all()


def test_only_nodes_with_children_are_read() -> None:
    trie = label_trie([(5, END), (5, 6, END), (7, END)])
    assert trie.tokens.tolist() == [5, END, 6, END, 7, END]
    assert trie.parents.tolist() == [-1, 0, 0, 2, -1, 4]
    assert trie.depths.tolist() == [0, 1, 1, 2, 0, 1]
    assert trie.inner.tolist() == [0, 2, 4]

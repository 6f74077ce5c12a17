"""Texts as a tree of their beginnings: a state that depends on tokens before it is computed once.

    <s> organic milk </s>              <s> --- organic --- milk ---- </s>
    <s> organic rye </s>       ->                      '-- rye ----- </s>
    8 tokens                           6 nodes

In a causal model a token's state is a function of the tokens up to it. In batches of 256 names of a
real catalog, sorted, one token in five stands at the end of a beginning that another name has too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.model.tokens import Encoded


@dataclass(frozen=True)
class Prefixes:
    """The distinct beginnings of n texts, the shortest first: nodes of a tree, u of them."""

    tokens: NDArray[np.int64]
    """The last token of each beginning, [u]."""
    paths: list[NDArray[np.int64]]
    """Nodes of every beginning of j + 1 tokens, from the root on, [nodes at depth j, j + 1]."""
    ends: list[NDArray[np.int64]]
    """The same for whole texts of j + 1 tokens, in their order, [texts of that length, j + 1]."""


def prefixes_of(encoded: Encoded, rows: NDArray[np.int64]) -> Prefixes:
    """The tree of some texts, `rows`, which are sorted by their lengths."""
    lengths = encoded.lengths[rows]
    places = np.minimum(np.arange(lengths.max())[None, :], lengths[:, None] - 1)
    ids = encoded.flat[encoded.starts[rows][:, None] + places]  # [n, longest]
    node_of = np.empty(ids.shape, np.int64)
    tokens, paths, ends, count = [], [], [], 0
    parent = np.zeros(len(rows), np.int64)
    for depth in range(ids.shape[1]):
        first = int(np.searchsorted(lengths, depth, side="right"))  # the first that is longer
        keys = (parent[first:] << 32) | ids[first:, depth].astype(np.int64)
        _, example, node = np.unique(keys, return_index=True, return_inverse=True)
        parent[first:] = node_of[first:, depth] = count + node
        count += len(example)
        tokens.append(ids[first:, depth][example])
        paths.append(node_of[first:, : depth + 1][example])
        ended = int(np.searchsorted(lengths, depth + 1, side="right"))
        ends.append(node_of[first:ended, : depth + 1])
    return Prefixes(np.concatenate(tokens).astype(np.int64), paths, ends)

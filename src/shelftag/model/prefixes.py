"""Texts as a tree of their beginnings: a state that depends on tokens before it is computed once.

    <s> organic milk </s>              <s> --- organic --- milk ---- </s>
    <s> organic rye </s>       ->                      '-- rye ----- </s>
    8 tokens                           6 nodes

In a causal model a token's state is a function of the tokens up to it. In batches of 256 names of a
real catalog, sorted, one token in five stands at the end of a beginning that another name has too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelftag.model.tokens import Encoded

NO_TOKEN = -1
BLOCK_TOKENS = 8
"""Texts of 1 to 8 tokens make a block, those of 9 to 16 the next: little of one is padding."""
MOST_PAIRS = 2**20
"""Of two tokens of one text in a block: for each head of each, attention holds a number."""


@dataclass(frozen=True)
class Prefixes:
    """The distinct beginnings of n texts: nodes of a tree, u of them, in no order."""

    tokens: NDArray[np.int64]
    """The last token of each beginning, [u]."""
    depths: NDArray[np.int64]
    """Tokens before it, [u]."""
    rows: NDArray[np.int64]
    """A text that begins so, [u]."""
    ends: NDArray[np.int64]
    """The last node of each text, in their order, [n]."""
    blocks: list[NDArray[np.int64]]
    """The texts again, some of like length at a time: the nodes of each from the root on, and any
    after its end, [texts, longest]."""


def prefixes_of(encoded: Encoded, rows: NDArray[np.int64]) -> Prefixes:
    """The tree of some texts, `rows`, which are sorted by their lengths."""
    lengths = encoded.lengths[rows]
    places = np.arange(lengths.max())
    inside = places < lengths[:, None]
    at = np.minimum(encoded.starts[rows][:, None] + places, len(encoded.flat) - 1)
    ids = np.where(inside, encoded.flat[at], NO_TOKEN)  # [n, longest]
    order = _neighbours(ids)
    ids, inside = ids[order], inside[order]
    # A beginning is new where it is not that of the row above, up to there
    known = np.zeros(ids.shape, np.bool_)
    known[1:] = np.logical_and.accumulate(ids[1:] == ids[:-1], axis=1)
    new = inside & ~known
    row, depth = np.nonzero(new)
    node_of = np.zeros(ids.shape, np.int64)
    node_of[order] = np.maximum.accumulate(_numbered(new), axis=0)
    ends = node_of[np.arange(len(rows)), lengths - 1]
    tokens = ids[new].astype(np.int64)
    return Prefixes(tokens, depth, order[row], ends, list(_blocks(node_of, lengths)))


def _neighbours(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """An order of the rows in which equal beginnings are neighbours: that of their bytes."""
    whole = np.dtype((np.void, ids.itemsize * ids.shape[1]))
    return np.argsort(np.ascontiguousarray(ids).view(whole)[:, 0], kind="stable")


def _numbered(new: NDArray[np.bool_]) -> NDArray[np.int64]:
    """0, 1, 2, ... where it is new, and 0 elsewhere."""
    numbers = np.zeros(new.shape, np.int64)
    numbers[new] = np.arange(np.count_nonzero(new))
    return numbers


def _blocks(node_of: NDArray[np.int64], lengths: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    start = 0
    while start < len(lengths):
        longest = lengths[start] + -lengths[start] % BLOCK_TOKENS
        end = int(np.searchsorted(lengths, longest, side="right"))
        end = min(end, start + max(MOST_PAIRS // int(longest) ** 2, 1))
        yield node_of[start:end, : lengths[end - 1]]
        start = end

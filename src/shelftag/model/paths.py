"""Attention along the paths of a tree of beginnings, all texts of like length in one product.

    queries, keys, values of nodes --gathered--> of texts --products, softmax--> back to the nodes
    [u, width]                                   [texts * heads, tokens, head]   [u, width]

A beginning that two texts share is attended twice: a product for each beginning would be too small
to be worth its call.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shelftag.model.prefixes import Prefixes

if TYPE_CHECKING:
    from torch import Tensor

LANES = 16
"""Numbers that torch's softmax takes at once; the rest of a row it takes one by one, slowly."""


@dataclass(frozen=True)
class Block:
    """Texts of like length."""

    cells: "Tensor"
    """Which head of which node stands where, [texts * heads, tokens]."""
    unseen: "Tensor"
    """-inf where a token does not see another, else 0, [1, 1, tokens, tokens and padding]."""
    unseen_by_ends: "Tensor"
    """The same for the last token of each text, [texts, 1, 1, tokens and padding]."""


@dataclass(frozen=True)
class Paths:
    """The nodes of a tree, u of them with padding, and how they stand in its n texts."""

    blocks: list[Block]
    tokens: "Tensor"
    """The token of each node, [u]."""
    depths: "Tensor"
    """Nodes before it, [u]."""
    ends: "Tensor"
    """The last node of each text, [n and padding]."""
    places: "Tensor"
    """Where each node's heads are found in the blocks' cells, end to end, [u * heads]."""
    heads: int

    def attended(
        self, query: "Tensor", key: "Tensor", value: "Tensor", *, by_ends: bool
    ) -> "Tensor":
        """What each query takes from the values on its path, [queries, width].

        Args:
            query: [u, width], or of the texts' ends, [n and padding, width].
            key: [u, width].
            value: [u, width].
            by_ends: whose the queries are.
        """
        import torch

        width = query.shape[1]
        query, key, value = (one.reshape(-1, width // self.heads) for one in (query, key, value))
        found, start = [], 0
        for block in self.blocks:
            texts = len(block.cells)
            asks = query[start : start + texts][:, None] if by_ends else _at(query, block.cells)
            unseen = block.unseen_by_ends if by_ends else block.unseen
            taken = _attended(asks, _at(key, block.cells), _at(value, block.cells), unseen)
            found.append(taken.flatten(0, 1))
            start += texts
        if by_ends:
            found.append(query.new_zeros(len(query) - start, query.shape[1]))
            return torch.cat(found).view(-1, width)
        return torch.cat(found).index_select(0, self.places).view(-1, width)


def _at(heads: "Tensor", cells: "Tensor") -> "Tensor":
    """Rows [u * heads, head] at their places in texts, [texts * heads, tokens, head]."""
    return heads.index_select(0, cells.view(-1)).view(*cells.shape, -1)


def _attended(asks: "Tensor", keys: "Tensor", values: "Tensor", unseen: "Tensor") -> "Tensor":
    """Softmax attention of [texts * heads, queries, head], the scale being in the queries."""
    import torch
    from torch.nn.functional import pad

    tokens = keys.shape[1]
    scores = pad(torch.bmm(asks, keys.transpose(1, 2)), (0, unseen.shape[-1] - tokens))
    scores.view(len(unseen), -1, *scores.shape[1:]).add_(unseen)
    return torch.bmm(scores.softmax(dim=-1)[..., :tokens], values)


def paths_of(prefixes: Prefixes, heads: int) -> Paths:
    """Where the nodes of a tree stand."""
    import torch

    lengths = prefixes.depths[prefixes.ends] + 1
    starts = np.empty(len(lengths), np.int64)  # cell of a text's first head
    tokens = np.empty(len(lengths), np.int64)  # cells of each of its heads
    blocks, texts, cells = [], 0, 0
    for nodes in prefixes.blocks:
        rows = slice(texts, texts + len(nodes))
        starts[rows] = cells + np.arange(len(nodes)) * heads * nodes.shape[1]
        tokens[rows] = nodes.shape[1]
        blocks.append(_block(nodes, lengths[rows], heads))
        texts, cells = rows.stop, cells + nodes.size * heads
    rows_of, depths = padded(prefixes.rows), padded(prefixes.depths)
    places = (starts[rows_of] + depths)[:, None] + np.arange(heads) * tokens[rows_of][:, None]
    return Paths(
        blocks,
        torch.from_numpy(padded(prefixes.tokens)),
        torch.from_numpy(depths),
        torch.from_numpy(padded(prefixes.ends)),
        torch.from_numpy(places.reshape(-1)),
        heads,
    )


def _block(nodes: NDArray[np.int64], lengths: NDArray[np.int64], heads: int) -> Block:
    import torch

    texts, tokens = nodes.shape
    cells = nodes[:, None, :] * heads + np.arange(heads)[:, None]
    keys = np.arange(tokens + -tokens % LANES)
    seen = (keys <= np.arange(tokens)[:, None], keys < lengths[:, None])
    unseen, by_ends = (np.where(one, np.float32(0), np.float32("-inf")) for one in seen)
    return Block(
        torch.from_numpy(cells.reshape(texts * heads, tokens)),
        torch.from_numpy(unseen[None, None]),
        torch.from_numpy(by_ends[:, None, None]),
    )


def padded(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows [n] and as many zeros as make n one of few counts, at most an eighth more.

    oneDNN prepares a product anew for each count of rows it has not seen lately, which costs as
    much as the product of a small batch.
    """
    step = max(1 << (len(rows) - 1).bit_length() >> 3, 16)
    return np.pad(rows, (0, -len(rows) % step))

"""All labels as one tree of tokens: what labels begin with alike is computed once.

<prompt> -+- dairy -+- <eos>           "dairy"
          |         '- eggs - <eos>    "dairy eggs"
          '- deli --- <eos>            "deli"
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelTrie:
    """Nodes in the order in which labels need them: a parent stands before its children."""

    tokens: NDArray[np.int64]
    """[nodes]"""
    parents: NDArray[np.int64]
    """Nodes, -1 for what follows the prompt at once, [nodes]."""
    depths: NDArray[np.int64]
    """Tokens between the prompt and the node, [nodes]."""
    ends: NDArray[np.int64]
    """The last node of each label, [labels]."""

    @cached_property
    def above(self) -> NDArray[np.bool_]:
        """Whether a node is another's ancestor or itself, [nodes, ancestors]."""
        out = np.eye(len(self.tokens), dtype=np.bool_)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                out[node] |= out[parent]
        return out

    @cached_property
    def paths(self) -> NDArray[np.bool_]:
        """Whether a label passes through a node, [labels, nodes]."""
        return self.above[self.ends]

    @cached_property
    def inner(self) -> NDArray[np.int64]:
        """Nodes that have children: the only ones a model must read."""
        return np.unique(self.parents[self.parents >= 0])


def label_trie(labels: Sequence[Sequence[int]]) -> LabelTrie:
    """The trie of token sequences of which each ends in a token that stands nowhere else."""
    nodes: dict[tuple[int, ...], int] = {(): -1}
    for label in labels:
        for length in range(1, len(label) + 1):
            nodes.setdefault(tuple(label[:length]), len(nodes) - 1)
    prefixes = list(nodes)[1:]
    return LabelTrie(
        tokens=np.array([prefix[-1] for prefix in prefixes], np.int64),
        parents=np.array([nodes[prefix[:-1]] for prefix in prefixes], np.int64),
        depths=np.array([len(prefix) - 1 for prefix in prefixes], np.int64),
        ends=np.array([nodes[tuple(label)] for label in labels], np.int64),
    )

"""Exact closed-set scoring: the log-probability of every department's name after a prompt.

    prompts --one forward--> keys and values --.
    label trie ---- all nodes, one forward ----'-> log-probabilities of nodes, summed along paths

The tree is read at once, each node seeing the prompt and its own ancestors: tree attention, as in
SpecInfer (Miao et al. 2023, https://arxiv.org/abs/2305.09781). Not run on a GPU yet.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from shelftag.model.label_trie import LabelTrie

if TYPE_CHECKING:
    from torch import Tensor


def closed_set_logits(model: Any, trie: LabelTrie, batch: dict[str, "Tensor"]) -> "Tensor":
    """log p(label | prompt), the end of text included, in float32, [n, labels].

    Their softmax is over the labels alone: no other answer has a share in it.

    Args:
        model: a causal language model in `eval()`.
        batch: `input_ids` and `attention_mask` of the prompts, [n, longest], padded right.
    """
    import torch

    mask = batch["attention_mask"]
    lengths = mask.sum(dim=1)
    at_prompt, cache = _read_prompts(model, batch, lengths)
    at_nodes = _read_nodes(model, trie, mask, lengths, cache)
    states = torch.cat([at_prompt[:, None], at_nodes], dim=1).float()  # [n, 1 + inner, vocabulary]
    # where each node's parent stands among them: 0 is the prompt
    parents = torch.from_numpy(np.searchsorted(trie.inner, trie.parents) + (trie.parents >= 0))
    tokens = torch.from_numpy(trie.tokens).to(mask.device)
    parents = parents.to(mask.device)
    node_logits = states[:, parents, tokens] - states.logsumexp(dim=2)[:, parents]  # [n, nodes]
    return node_logits @ torch.from_numpy(trie.paths.T).to(node_logits)


def _read_prompts(
    model: Any, batch: dict[str, "Tensor"], lengths: "Tensor"
) -> tuple["Tensor", Any]:
    """Logits [n, vocabulary] at the prompts' ends, and their keys and values."""
    import torch

    # logits are wide: they are made only where some prompt ends, and rows are of like length
    ends, which = torch.unique(lengths - 1, return_inverse=True)
    out = model(**batch, use_cache=True, logits_to_keep=ends)
    return out.logits[torch.arange(len(which), device=which.device), which], out.past_key_values


def _read_nodes(
    model: Any, trie: LabelTrie, mask: "Tensor", lengths: "Tensor", cache: Any
) -> "Tensor":
    """Logits at the trie's inner nodes, [n, inner, vocabulary]."""
    import torch

    n, device = len(mask), mask.device
    tree = torch.from_numpy(trie.above[np.ix_(trie.inner, trie.inner)]).to(device)
    seen = torch.cat(
        [
            mask.bool()[:, None, None, :].expand(-1, 1, len(tree), -1),
            tree.expand(n, 1, -1, -1),
        ],
        dim=3,
    )  # [n, 1, inner, longest + inner]
    lowest = torch.finfo(model.dtype).min
    depths = torch.from_numpy(trie.depths[trie.inner]).to(device)
    logits: Tensor = model(
        input_ids=torch.from_numpy(trie.tokens[trie.inner]).to(device).expand(n, -1),
        attention_mask=torch.zeros_like(seen, dtype=model.dtype).masked_fill(~seen, lowest),
        position_ids=lengths[:, None] + depths,
        past_key_values=cache,
        use_cache=True,
    ).logits
    return logits

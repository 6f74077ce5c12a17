"""Noise on what is read, in training only: tokens under `<unk>`, and dropout on embeddings."""

from typing import Any

import numpy as np


def drop_tokens(ids: Any, allowed: Any, tokenizer: Any, share: float, key: tuple[int, int]) -> None:
    """Put `<unk>` over some of the allowed tokens, in place; which ones is a function of the key.

    `ids` and `allowed` are tensors [rows, longest].
    """
    import torch

    chosen = torch.from_numpy(np.random.default_rng(key).random(ids.shape) < share)
    ids[chosen & allowed] = tokenizer.unk_token_id


def drop_embeddings(model: Any, share: float) -> None:
    """A hook, not a layer: the saved model does not know of it."""
    from torch.nn.functional import dropout

    def hook(module: Any, _: Any, output: Any) -> Any:
        return dropout(output, share, training=module.training)

    if share:
        model.get_input_embeddings().register_forward_hook(hook)

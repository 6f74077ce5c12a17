"""The classify objective: a head over the departments, on the last token's state."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.model.adapter import add_adapter
from shelftag.model.base import load_base, trained_form
from shelftag.model.tokens import Encoded, encode, load_tokenizer
from shelftag.training.examples import Examples
from shelftag.training.trainable import prepared


@dataclass(frozen=True)
class Classify:
    """Batches and model of the classify objective."""

    config: Config
    base: str
    departments: Departments
    examples: Examples

    @property
    def lengths(self) -> NDArray[np.int64]:
        return self._encoded.lengths

    @cached_property
    def tokenizer(self) -> Any:
        return load_tokenizer(self.base, self.config.model.revision)

    @cached_property
    def _encoded(self) -> Encoded:
        return encode(self.tokenizer, self.examples.texts, self.config.model.max_length)

    def batch(self, rows: NDArray[np.int64], position: int) -> dict[str, Any]:
        """`input_ids`, `attention_mask` [rows, longest] and `labels` [rows]."""
        import torch

        train = self.config.train
        batch = self._encoded.padded(rows, self.tokenizer.pad_token_id)
        if train.token_dropout:
            key = (train.seed, position)
            _drop_tokens(batch["input_ids"], self.tokenizer, train.token_dropout, key)
        return batch | {"labels": torch.from_numpy(self.examples.labels[rows])}

    def model(self) -> Any:
        """`...ForSequenceClassification` under LoRA."""
        config, use_gpu = self.config, self.config.scaling.use_gpu
        form = trained_form(config.model, config.train, use_gpu=use_gpu)
        base = load_base(self.base, self.departments, form, "cuda" if use_gpu else "cpu")
        base.config.pad_token_id = self.tokenizer.pad_token_id
        model = prepared(base, config, lambda ready: add_adapter(ready, config.model.lora))
        _drop_embeddings(model, config.train.embedding_dropout)
        return model

    def trainer(self, **arguments: Any) -> Any:
        from transformers import Trainer

        return Trainer(processing_class=self.tokenizer, **arguments)


def _drop_tokens(ids: Any, tokenizer: Any, share: float, key: tuple[int, int]) -> None:
    """Put `<unk>` over some tokens, in place; which ones is a function of the key."""
    import torch

    chosen = torch.from_numpy(np.random.default_rng(key).random(ids.shape) < share)
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    ids[chosen & ~special] = tokenizer.unk_token_id


def _drop_embeddings(model: Any, share: float) -> None:
    """A hook, not a layer: the saved model does not know of it."""
    from torch.nn.functional import dropout

    def hook(module: Any, _: Any, output: Any) -> Any:
        return dropout(output, share, training=module.training)

    if share:
        model.get_input_embeddings().register_forward_hook(hook)

"""The generate objective: after a prompt, the department's name and the end of text."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.model.prompt import Prompt, prompt_of
from shelftag.model.tokens import Encoded, load_tokenizer
from shelftag.training.dropout import drop_tokens
from shelftag.training.examples import Examples
from shelftag.training.trainable import trainable, untrained

IGNORED = -100
"""The label of tokens that carry no loss, by transformers' convention."""


@dataclass(frozen=True)
class Generate:
    """Batches and model of the generate objective."""

    config: Config
    base: str
    departments: Departments
    examples: Examples

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Of prompt and completion together, [n]."""
        return self._encoded.lengths

    @cached_property
    def tokenizer(self) -> Any:
        return load_tokenizer(self.base, self.config.model.revision)

    @cached_property
    def _prompt(self) -> Prompt:
        model = self.config.model
        return prompt_of(self.tokenizer, model.prompt, self.departments, model.max_length)

    @cached_property
    def _encoded(self) -> Encoded:
        return self._prompt.encode_with(self.tokenizer, self.examples.texts, self.examples.labels)

    def batch(self, rows: NDArray[np.int64], position: int) -> dict[str, Any]:
        """`input_ids`, `attention_mask` and `labels`, [rows, longest]: no loss on the prompt."""
        import torch

        train, prompt = self.config.train, self._prompt
        batch = self._encoded.padded(rows, self.tokenizer.pad_token_id)
        ids = batch["input_ids"]
        lengths = self.lengths[rows]
        starts = lengths - prompt.completion_lengths[self.examples.labels[rows]]
        labels = torch.where(_between(starts, lengths, ids), ids, IGNORED)
        if train.token_dropout:
            product = _between(
                np.full_like(starts, len(prompt.before)), starts - len(prompt.after), ids
            )
            key = (train.seed, position)
            drop_tokens(ids, product, self.tokenizer, train.token_dropout, key)
        return batch | {"labels": labels}

    def model(self) -> Any:
        """`...ForCausalLM` under LoRA."""
        base = untrained(self.config, self.base, self.departments, self.tokenizer.pad_token_id)
        return trainable(base, self.config)

    def trainer(self, **arguments: Any) -> Any:
        """TRL's SFTTrainer. It wants a dataset, and casts adapters over 4-bit bases to bfloat16."""
        from datasets import Dataset
        from trl import SFTTrainer

        model = arguments["model"]
        learned = {p: p.data for p in model.parameters() if p.requires_grad}
        unread = Dataset.from_list([{"input_ids": [0, 0], "labels": [IGNORED, 0]}])
        trainer = SFTTrainer(processing_class=self.tokenizer, train_dataset=unread, **arguments)
        for parameter, data in learned.items():  # float16's GradScaler and AdamW want float32
            parameter.data = data.to(parameter.device)
        return trainer


def _between(first: NDArray[np.int64], end: NDArray[np.int64], ids: Any) -> Any:
    """Whether a token stands at first, ..., end - 1 of its row, [rows, longest]."""
    import torch

    places = np.arange(ids.shape[1])[None, :]
    return torch.from_numpy((places >= first[:, None]) & (places < end[:, None]))

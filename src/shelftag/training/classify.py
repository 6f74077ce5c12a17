"""The classify objective: a head over the departments, on the last token's state.

    names --tokens, some hidden--> Llama --> score [departments | aisles] --> two losses

The aisle, a finer label, is learned beside the department where `train.aisle_weight` says so. Its
rows of the head are cut off when a Run is frozen: nothing at tagging time knows of them.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.model.tokens import Encoded, encode, load_tokenizer
from shelftag.training.dropout import drop_tokens
from shelftag.training.examples import Examples
from shelftag.training.trainable import trainable, untrained

NO_AISLE = -1


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

    @property
    def _aisles(self) -> int:
        """Outputs of the head beside the departments."""
        return len(self.examples.aisle_names) if self.config.train.aisle_weight else 0

    def batch(self, rows: NDArray[np.int64], position: int) -> dict[str, Any]:
        """`input_ids`, `attention_mask` [rows, longest] and `labels` [rows, 2].

        The labels are departments and aisles; an unknown aisle, and any without `aisle_weight`,
        is NO_AISLE.
        """
        import torch

        train = self.config.train
        batch = self._encoded.padded(rows, self.tokenizer.pad_token_id)
        if train.token_dropout:
            special = torch.tensor(self.tokenizer.all_special_ids)
            ids, key = batch["input_ids"], (train.seed, position)
            drop_tokens(ids, ~torch.isin(ids, special), self.tokenizer, train.token_dropout, key)
        aisles = self.examples.aisles[rows] if self._aisles else np.full(len(rows), NO_AISLE)
        labels = np.stack([self.examples.labels[rows], aisles], axis=1)
        return batch | {"labels": torch.from_numpy(labels)}

    def model(self) -> Any:
        """`...ForSequenceClassification` under LoRA."""
        base = untrained(self.config, self.base, self.departments, self.tokenizer.pad_token_id)
        _widen_head(base, self._aisles)
        return trainable(base, self.config)

    def trainer(self, **arguments: Any) -> Any:
        from transformers import Trainer

        loss = partial(
            mean_loss,
            departments_count=len(self.departments),
            label_smoothing=self.config.train.label_smoothing,
            aisle_weight=self.config.train.aisle_weight,
        )
        return Trainer(processing_class=self.tokenizer, compute_loss_func=loss, **arguments)


def mean_loss(
    outputs: Any,
    labels: Any,
    num_items_in_batch: Any = None,
    *,
    departments_count: int,
    label_smoothing: float,
    aisle_weight: float,
) -> Any:
    """Cross-entropy of departments, and of aisles times their weight, over the rows of a step.

    Args:
        outputs: with `logits` [rows, departments + aisles].
        labels: [rows, 2], as `Classify.batch` makes them.
        num_items_in_batch: labels in all batches of the optimizer step, where they are summed.
    """
    from torch.nn.functional import cross_entropy

    logits = outputs.logits.float()
    rows = labels.shape[0] if num_items_in_batch is None else num_items_in_batch / labels.shape[1]
    loss = cross_entropy(
        logits[:, :departments_count],
        labels[:, 0],
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    if aisle_weight and logits.shape[1] > departments_count:
        loss = loss + aisle_weight * cross_entropy(
            logits[:, departments_count:], labels[:, 1], reduction="sum", ignore_index=NO_AISLE
        )
    return loss / rows


def _widen_head(base: Any, more: int) -> None:
    """Give the head more outputs: the departments first, then the aisles."""
    import torch

    if not more:
        return
    old = base.score
    wide = torch.nn.Linear(old.in_features, old.out_features + more, bias=old.bias is not None)
    torch.nn.init.normal_(wide.weight, std=base.config.initializer_range)
    base.score = wide.to(old.weight.device, old.weight.dtype)

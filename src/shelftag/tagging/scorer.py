"""Closed-set scoring: one number per department for each text, and never another answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.model.base import InferenceForm
from shelftag.model.label_trie import label_trie
from shelftag.model.prompt import prompt_of
from shelftag.model.tokens import Encoded, encode
from shelftag.tagging.closed_set import closed_set_logits

if TYPE_CHECKING:
    from torch import Tensor

Score = Callable[[dict[str, "Tensor"]], "Tensor"]
"""`input_ids` and `attention_mask` [n, longest], padded right -> logits [n, departments]."""


@dataclass(frozen=True)
class Scorer:
    """The one way from texts to logits, for calibration, evaluation, bulk jobs and the endpoint."""

    encode: Callable[[Sequence[str]], Encoded]
    """What the model reads of each text."""
    score: Score
    departments: int
    pad_id: int
    device: Any
    batch_size: int

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), departments], in the order of the texts.

        Texts of like length share a batch; in float32 a text's logits do not depend on which.
        """
        import torch

        encoded = self.encode(texts)
        by_length = np.argsort(encoded.lengths, kind="stable")
        out = np.empty((len(texts), self.departments), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(by_length), self.batch_size):
                rows = by_length[start : start + self.batch_size]
                batch = encoded.padded(rows, self.pad_id)
                batch = {name: value.to(self.device) for name, value in batch.items()}
                out[rows] = self.score(batch).float().cpu().numpy()
        return out


def scorer_of(
    model: Any, tokenizer: Any, departments: Departments, form: InferenceForm, batch_size: int
) -> Scorer:
    """The Scorer of a model: by its head, or by the names it would generate.

    Raises:
        ConfigError: the prompt and the tokenizer do not go together.
    """
    if form.objective == "generate":
        read, score = _by_names(model, tokenizer, departments, form)
    else:
        read, score = _by_head(model, tokenizer, form)
    return Scorer(read, score, len(departments), tokenizer.pad_token_id, model.device, batch_size)


def _by_head(
    model: Any, tokenizer: Any, form: InferenceForm
) -> tuple[Callable[[Sequence[str]], Encoded], Score]:
    def read(texts: Sequence[str]) -> Encoded:
        return encode(tokenizer, texts, form.max_length)

    def score(batch: dict[str, "Tensor"]) -> "Tensor":
        logits: Tensor = model(**batch).logits
        return logits

    return read, score


def _by_names(
    model: Any, tokenizer: Any, departments: Departments, form: InferenceForm
) -> tuple[Callable[[Sequence[str]], Encoded], Score]:
    prompt = prompt_of(tokenizer, form.prompt, departments, form.max_length)
    trie = label_trie(prompt.completions)
    return partial(prompt.encode, tokenizer), partial(closed_set_logits, model, trie)

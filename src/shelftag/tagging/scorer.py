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
from shelftag.model.nano import NanoForward
from shelftag.model.prefixes import prefixes_of
from shelftag.model.prompt import prompt_of
from shelftag.model.tokens import Encoded, encode
from shelftag.model.word_tokens import WordTokens, reads_by_word
from shelftag.tagging.closed_set import closed_set_logits

if TYPE_CHECKING:
    from torch import Tensor

Read = Callable[[Sequence[str]], Encoded]
"""What the model reads of each text."""

Score = Callable[[Encoded, NDArray[np.int64]], "Tensor"]
"""Some rows, sorted by their lengths -> their logits [rows, departments]."""


@dataclass(frozen=True)
class Scorer:
    """The one way from texts to logits, for calibration, evaluation, bulk jobs and the endpoint."""

    encode: Read
    score: Score
    departments: int
    batch_size: int

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), departments], in the order of the texts.

        Texts of like length share a batch; in float32 a text's logits do not depend on which.
        """
        import torch

        encoded = self.encode(texts)
        order = encoded.sorted_rows()
        out = np.empty((len(texts), self.departments), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), self.batch_size):
                rows = order[start : start + self.batch_size]
                out[rows] = self.score(encoded, rows).float().cpu().numpy()
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
        read = _reader(tokenizer, form.max_length)
        own = form.products if form.merged else None
        score = _by_nano(model, own) if own else _by_head(model, tokenizer)
    return Scorer(read, score, len(departments), batch_size)


def _reader(tokenizer: Any, max_length: int) -> Read:
    if reads_by_word(tokenizer):
        return WordTokens(tokenizer, max_length)
    return lambda texts: encode(tokenizer, texts, max_length)


def _by_head(model: Any, tokenizer: Any) -> Score:
    def score(encoded: Encoded, rows: NDArray[np.int64]) -> "Tensor":
        logits: Tensor = model(**_padded(model, tokenizer, encoded, rows)).logits
        return logits

    return score


def _by_nano(model: Any, products: str) -> Score:
    import torch

    forward = NanoForward(model, getattr(torch, products))
    return lambda encoded, rows: forward(prefixes_of(encoded, rows))


def _by_names(
    model: Any, tokenizer: Any, departments: Departments, form: InferenceForm
) -> tuple[Read, Score]:
    prompt = prompt_of(tokenizer, form.prompt, departments, form.max_length)
    trie = label_trie(prompt.completions)

    def score(encoded: Encoded, rows: NDArray[np.int64]) -> "Tensor":
        return closed_set_logits(model, trie, _padded(model, tokenizer, encoded, rows))

    return partial(prompt.encode, tokenizer), score


def _padded(
    model: Any, tokenizer: Any, encoded: Encoded, rows: NDArray[np.int64]
) -> dict[str, "Tensor"]:
    """`input_ids` and `attention_mask` [rows, longest], padded right, where the model is."""
    batch = encoded.padded(rows, tokenizer.pad_token_id)
    return {name: value.to(model.device) for name, value in batch.items()}

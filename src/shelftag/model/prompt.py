"""Instruction prompts and their completions, in a base's tokens.

    <bos> what stands before | the product | what stands after | department <eos>
    '------------------------ prompt ------------------------' '- completion -'

The parts are tokenized apart and then joined, so that a department has the same tokens after every
product, in training and in scoring.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.config.model import PRODUCT
from shelftag.errors import ConfigError
from shelftag.model.tokens import Encoded, ragged

MIN_PRODUCT_TOKENS = 4
"""Less of a name says nothing."""

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Prompt:
    """What stands around every product, and every department as a completion."""

    before: Tokens
    """The start token, where the tokenizer has one, and the words before the product."""
    after: Tokens
    completions: tuple[Tokens, ...]
    """Each department's name and the end of text, [departments]."""
    product_tokens: int
    """Room for the product: its tokens beyond it are cut, and never the words around it."""

    def encode(self, tokenizer: Any, texts: Sequence[str]) -> Encoded:
        """The prompt of each text."""
        return ragged(
            [*self.before, *product[: self.product_tokens], *self.after]
            for product in _tokens(tokenizer, texts)
        )

    def encode_with(
        self, tokenizer: Any, texts: Sequence[str], labels: NDArray[np.int64]
    ) -> Encoded:
        """The prompt of each text with the completion its label, [n], names."""
        prompts = self.encode(tokenizer, texts)
        return ragged(
            [*prompts.row(row), *self.completions[label]]
            for row, label in enumerate(labels.tolist())
        )

    @property
    def completion_lengths(self) -> NDArray[np.int64]:
        """Tokens of each completion, [departments]."""
        return np.array([len(tokens) for tokens in self.completions], np.int64)


def prompt_of(tokenizer: Any, template: str, departments: Departments, max_length: int) -> Prompt:
    """A template with `{product}` in it, in a tokenizer's tokens.

    `max_length` is of prompt and completion together.

    Raises:
        ConfigError: the template is too long, or the tokenizer cannot tell departments apart.
    """
    before, after = _tokens(tokenizer, template.split(PRODUCT))
    before = [*_start(tokenizer), *before]
    names = _tokens(tokenizer, departments.names)
    _check_told_apart(names, departments, tokenizer)
    completions = tuple((*name, int(tokenizer.eos_token_id)) for name in names)
    room = max_length - len(before) - len(after) - max(map(len, completions))
    if room < MIN_PRODUCT_TOKENS:
        raise ConfigError(
            f"config model.max_length = {max_length} breaks the rule: the prompt and the longest "
            f"department take {max_length - room} tokens, and a product needs {MIN_PRODUCT_TOKENS}",
            f"set model.max_length={max_length - room + 32}, or a shorter model.prompt",
        )
    return Prompt(tuple(before), tuple(after), completions, room)


def _tokens(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return ids


def _start(tokenizer: Any) -> list[int]:
    """The start token, if this tokenizer puts one before a text: not every one that has it does."""
    ids: list[int] = tokenizer("")["input_ids"][:1]
    return ids if ids == [tokenizer.bos_token_id] else []


def _check_told_apart(names: list[list[int]], departments: Departments, tokenizer: Any) -> None:
    first: dict[Tokens, str] = {}
    for tokens, name in zip(names, departments.names, strict=True):
        twin = first.setdefault(tuple(tokens), name)
        if not tokens or twin != name or tokenizer.unk_token_id in tokens:
            raise ConfigError(
                f"department {name!r} has no tokens of its own in the base's vocabulary",
                "take another base, or name the department otherwise",
            )

"""Prompts: the same tokens around every product, and the words around it are never cut."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shelftag.catalog.departments import Departments
from shelftag.config.model import PROMPT
from shelftag.errors import ConfigError
from shelftag.model.base import make_nano
from shelftag.model.prompt import MIN_PRODUCT_TOKENS, Prompt, prompt_of
from shelftag.model.tokens import load_tokenizer
from tests import tiny

DEPARTMENTS = Departments(("dairy eggs", "deli", "pets"))
TEMPLATE = "name {product} department:"


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> Any:
    return load_tokenizer(tiny_base)


@pytest.fixture(scope="module")
def prompt(tokenizer: Any) -> Prompt:
    return prompt_of(tokenizer, TEMPLATE, DEPARTMENTS, max_length=64)


def test_a_long_product_is_cut_and_nothing_else(tokenizer: Any, prompt: Prompt) -> None:
    encoded = prompt.encode(tokenizer, ["milk", "milk " * 500])
    short, long = encoded.row(0), encoded.row(1)
    assert len(short) < len(long)
    assert len(long) + prompt.completion_lengths.max() == 64
    for ids in (short, long):
        assert tuple(ids[: len(prompt.before)]) == prompt.before
        assert tuple(ids[-len(prompt.after) :]) == prompt.after
    assert tokenizer.decode(short) == "<s> name milk department :"


def test_a_department_has_the_same_tokens_after_every_product(
    tokenizer: Any, prompt: Prompt
) -> None:
    texts = ["milk", "cat food with eggs", "x" * 400]
    labels = np.array([0, 2, 1])
    alone = prompt.encode(tokenizer, texts)
    for row, label in enumerate(labels):
        whole = prompt.encode_with(tokenizer, texts, labels).row(row)
        assert whole == [*alone.row(row), *prompt.completions[label]]
        assert whole[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(prompt.completions[0]) == "dairy eggs </s>"


def test_the_end_of_text_is_no_padding(tokenizer: Any, prompt: Prompt) -> None:
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert all(tokenizer.pad_token_id not in tokens for tokens in prompt.completions)


def test_no_room_for_a_product_is_refused(tokenizer: Any) -> None:
    rule = rf"max_length = 8 breaks the rule.* a product needs {MIN_PRODUCT_TOKENS}"
    with pytest.raises(ConfigError, match=rule):
        prompt_of(tokenizer, TEMPLATE, DEPARTMENTS, max_length=8)


@pytest.mark.parametrize("names", [("pets", "日本"), ("pets", "pets ")], ids=["unknown", "alike"])
def test_departments_that_read_alike_are_refused(tokenizer: Any, names: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match=f"'{names[1]}' has no tokens of its own"):
        prompt_of(tokenizer, TEMPLATE, Departments(names), max_length=64)


@pytest.mark.parametrize("template", ["no product", "{product} {product}"])
def test_a_template_has_one_product(template: str) -> None:
    with pytest.raises(ConfigError, match=r"must have \{product\} in it, once"):
        tiny.config(f'model.prompt="{template}"')


def test_nano_knows_the_words_of_departments_and_prompt() -> None:
    """A token each, though no product has them: with enough of a vocabulary."""
    departments = Departments(("Dry Goods Pasta", "日本"))
    nano = tiny.CONFIG.model.nano.model_copy(update={"vocab_size": 600})
    _, tokenizer = make_nano(["milk", "rye bread"] * 50, departments, nano, seed=0)
    prompt = prompt_of(tokenizer, PROMPT, departments, max_length=64)
    assert [len(tokens) for tokens in prompt.completions] == [4, 2]
    assert tokenizer.unk_token_id not in (*prompt.before, *prompt.after)

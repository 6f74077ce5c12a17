"""Word by word, a tokenizer gives what it gives for the whole text."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftag.model.tokens import encode, load_tokenizer
from shelftag.model.word_tokens import WordTokens, reads_by_word

WORDS = [
    "rye",
    "bread's",
    "dog-treats",
    "2%",
    "日本",
    "<s>",
    "</s>",
    "<pad>",
    "a<unk>b",
    "",
    "x" * 90,
]
MAX_LENGTH = 12
texts = st.lists(
    st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> Any:
    return load_tokenizer(tiny_base)


@pytest.fixture(scope="module")
def by_word(tokenizer: Any) -> WordTokens:
    return WordTokens(tokenizer, MAX_LENGTH)


@settings(max_examples=300)
@given(texts)
def test_ids_are_those_of_the_whole_text(
    tokenizer: Any, by_word: WordTokens, texts: list[str]
) -> None:
    expected, found = encode(tokenizer, texts, MAX_LENGTH), by_word(texts)
    assert found.flat.tolist() == expected.flat.tolist()
    assert found.starts.tolist() == expected.starts.tolist()


def test_a_made_tokenizer_reads_by_word(tokenizer: Any) -> None:
    assert reads_by_word(tokenizer)


def test_one_that_sees_where_words_stand_does_not(tokenizer: Any) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE(vocab={"<s>": 0, "</s>": 1, "\u2581": 2}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    core.post_processor = tokenizer.backend_tokenizer.post_processor
    other = PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>")
    assert other("")["input_ids"] == [0, 1]
    assert not reads_by_word(other)

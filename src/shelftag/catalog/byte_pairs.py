"""A byte-pair vocabulary over the words of product names."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import category

UNKNOWN = "<unk>"
PREFIX = "##"


def train_byte_pairs(texts: Iterable[str], vocab_size: int, specials: Sequence[str]) -> Any:
    """A `tokenizers.Tokenizer` learned from texts, as `catalog.text` gives them.

    Args:
        vocab_size: tokens at most, the specials, `UNKNOWN` among them, included.
        specials: the first tokens.
    """
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

    texts = list(texts)
    core = Tokenizer(models.BPE(unk_token=UNKNOWN, continuing_subword_prefix=PREFIX))
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            # The trainer numbers letters inside words in the order of a hash map, another one in
            # each process, and breaks ties by their numbers: here they have theirs beforehand.
            special_tokens=[*specials, *_inner_letters(texts)],
            continuing_subword_prefix=PREFIX,
            show_progress=False,
        ),
    )
    model = json.loads(core.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    learned = models.BPE(
        model["vocab"], merges, unk_token=UNKNOWN, continuing_subword_prefix=PREFIX
    )
    whole = Tokenizer(learned)
    whole.pre_tokenizer = core.pre_tokenizer
    whole.add_special_tokens([AddedToken(token, special=True) for token in specials])
    return whole


def _inner_letters(texts: Sequence[str]) -> list[str]:
    """Every character that may stand inside a word (punctuation is a word), sorted."""
    letters = set[str]().union(*texts)
    return sorted(f"{PREFIX}{letter}" for letter in letters if category(letter)[0] not in "PZC")

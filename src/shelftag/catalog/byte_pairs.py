"""A byte-pair vocabulary over the words of product names."""

from collections.abc import Iterable, Sequence
from typing import Any

UNKNOWN = "<unk>"
PREFIX = "##"


def train_byte_pairs(texts: Iterable[str], vocab_size: int, specials: Sequence[str]) -> Any:
    """A `tokenizers.Tokenizer` learned from texts, as `catalog.text` gives them.

    Args:
        vocab_size: tokens at most, the specials, `UNKNOWN` among them, included.
        specials: the first tokens.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE(unk_token=UNKNOWN, continuing_subword_prefix=PREFIX))
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=list(specials),
            continuing_subword_prefix=PREFIX,
            show_progress=False,
        ),
    )
    return core

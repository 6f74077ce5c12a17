"""From names to token ids, and back to batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.byte_pairs import PREFIX, UNKNOWN, train_byte_pairs
from shelftag.errors import ConfigError

if TYPE_CHECKING:
    import torch

BOS, EOS, PAD = "<s>", "</s>", "<pad>"


@dataclass(frozen=True)
class Encoded:
    """Token ids of n texts, ragged: text i is `flat[starts[i]:starts[i + 1]]`."""

    flat: NDArray[np.int32]
    starts: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text, [n]."""
        return np.diff(self.starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def sorted_rows(self) -> NDArray[np.int64]:
        """All rows by length, and by their first tokens among those of one length, [n]."""
        if not len(self):
            return np.empty(0, np.int64)
        ends = self.starts[1:] - 1
        first = [self.flat[np.minimum(self.starts[:-1] + place, ends)] for place in (3, 2, 1)]
        return np.lexsort(np.stack([*first, self.lengths]))

    def row(self, row: int) -> list[int]:
        """Token ids of one text."""
        ids: list[int] = self.flat[self.starts[row] : self.starts[row + 1]].tolist()
        return ids

    def padded(
        self, rows: NDArray[np.int64], pad_id: int, side: Literal["left", "right"] = "right"
    ) -> dict[str, "torch.Tensor"]:
        """`input_ids` and `attention_mask` of some texts, [len(rows), longest].

        Padded right, or left, where `generate` of transformers wants it.
        """
        import torch

        lengths = self.lengths[rows]
        places = np.arange(lengths.max())[None, :]
        mask = places < lengths[:, None]
        held = self.flat[(self.starts[rows][:, None] + places)[mask]]
        if side == "left":
            mask = mask[:, ::-1]
        ids = np.full(mask.shape, pad_id, dtype=np.int64)
        ids[mask] = held
        return {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask.astype(np.int64, order="C")),
        }


def encode(tokenizer: Any, texts: Sequence[str], max_length: int) -> Encoded:
    """Token ids of each text, cut to `max_length`; the tokenizer adds its own special tokens."""
    return ragged(tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"])


def ragged(rows: Iterable[Sequence[int]]) -> Encoded:
    """Token ids of each text, laid end to end."""
    ids = list(rows)
    starts = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in ids], out=starts[1:])
    flat = np.fromiter((token for row in ids for token in row), np.int32, count=int(starts[-1]))
    return Encoded(flat, starts)


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Any:
    """A byte-pair vocabulary over words, learned from `texts`; `<s>` first, `</s>` last.

    `</s>` is where a causal model sums a name up: the classification head reads the last token,
    and one that is the same for all names is easier to read than the end of a word.
    """
    from tokenizers import decoders, processors
    from transformers import PreTrainedTokenizerFast

    core = train_byte_pairs(texts, vocab_size, (BOS, EOS, PAD, UNKNOWN))
    core.decoder = decoders.WordPiece(PREFIX, cleanup=False)
    core.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A {EOS}", special_tokens=[(BOS, 0), (EOS, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=BOS, eos_token=EOS, pad_token=PAD, unk_token=UNKNOWN
    )


def load_tokenizer(name: str | Path, revision: str | None = None) -> Any:
    """A tokenizer of a hub id or folder, with a pad token that is not its end of text.

    Padding with the end-of-text token would mask that token out of every loss.

    Raises:
        ConfigError: there is none, or it has no other token to pad with.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(name), revision=revision, trust_remote_code=False)
    if not set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens):
        # transformers makes an empty one up where a folder has none
        raise ConfigError(f"{name} has no tokenizer", "add the files of the base's own")
    if tokenizer.pad_token is None or tokenizer.pad_token == tokenizer.eos_token:
        others = {tokenizer.unk_token, tokenizer.bos_token} - {None, tokenizer.eos_token}
        if not others:
            raise ConfigError(
                f"the tokenizer of {name} has no token to pad with beside its end of text",
                "add a pad token to it and to the base's embeddings",
            )
        unknown = tokenizer.unk_token
        tokenizer.pad_token = unknown if unknown in others else tokenizer.bos_token
    return tokenizer

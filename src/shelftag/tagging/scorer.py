"""Closed-set scoring: one number per department for each text, and never another answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shelftag.model.tokens import encode


@dataclass(frozen=True)
class Scorer:
    """The one way from texts to logits, for calibration, evaluation, bulk jobs and the endpoint."""

    model: Any
    tokenizer: Any
    max_length: int
    batch_size: int

    def logits(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), departments], in the order of the texts.

        Texts of like length share a batch; in float32 a text's logits do not depend on which.
        """
        import torch

        encoded = encode(self.tokenizer, texts, self.max_length)
        by_length = np.argsort(encoded.lengths, kind="stable")
        out = np.empty((len(texts), self.model.config.num_labels), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(by_length), self.batch_size):
                rows = by_length[start : start + self.batch_size]
                batch = encoded.padded(rows, self.tokenizer.pad_token_id)
                batch = {name: value.to(self.model.device) for name, value in batch.items()}
                out[rows] = self.model(**batch).logits.float().cpu().numpy()
        return out

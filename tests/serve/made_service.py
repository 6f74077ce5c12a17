"""A `Service` without a model: tags everything alike, and remembers what it was asked."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from serve.service import Model, ModelCard, Tagged
from shelftag.config import Config
from shelftag.tagging.tagger import Ranking

DEPARTMENTS = ("bakery", "pets", "produce")
CARD = ModelCard(
    name="made",
    fingerprint="fingerprint",
    departments=DEPARTMENTS,
    threshold=0.75,
    test_accuracy=0.9,
    test_rows=1_000,
)
LIKELY = ((1, 0.5), (0, 0.25), (2, 0.125))
"""Every product's departments and their confidence, likeliest first."""


class MadeService:
    """Tags everything `pets`, for review."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], int | None, str | None]] = []
        self.problem: str | None = None
        self.config = Config()

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        if texts:
            self.asked.append((list(texts), top_k, model))
        return Tagged(CARD, ranking(len(texts), top_k or 3))

    async def model(self, name: str | None) -> Model:
        return Model(CARD, partial(self.tag, model=name))

    def run(self, model: str | None) -> Path:
        return Path("/runs") / (model or CARD.name)

    def models(self) -> list[ModelCard]:
        return [CARD]


def ranking(rows: int, top_k: int) -> Ranking:
    """The same answer for each of n texts."""
    places, confidence = zip(*LIKELY[:top_k], strict=True)
    return Ranking(
        departments=np.tile(np.array(places, np.int64), (rows, 1)),
        confidence=np.tile(np.array(confidence, np.float32), (rows, 1)),
        review=np.ones(rows, bool),
        candidates=np.tile(np.array([1, 0], np.int64), (rows, 1)),
    )

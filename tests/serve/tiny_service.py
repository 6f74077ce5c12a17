"""A `Service` with a real Tagger, without Ray."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from serve.batches import cut, joined
from serve.loading import find_run, load
from serve.service import Model, ModelCard, Tagged
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.config.tagging import TaggingConfig
from shelftag.model.shared import SharedBases


class TinyService:
    """Scores each request alone, as a copy of the tagger does with a batch of one."""

    problem: str | None = None

    def __init__(self, run: Run) -> None:
        self._run = run
        self._loaded = load(run, TaggingConfig(), SharedBases())

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        if model is not None:
            find_run(model, self._run.path.parent)
        pieces = cut(texts, self._loaded, top_k, 256)
        rankings = [self._loaded.tagger.rank(piece.texts, top_k) for piece in pieces]
        return Tagged(self._loaded.card, joined(rankings))

    async def model(self, name: str | None) -> Model:
        if name is not None:
            find_run(name, self._run.path.parent)
        return Model(self._loaded.card, partial(self.tag, model=name))

    @property
    def config(self) -> Config:
        return Config()

    def run(self, model: str | None) -> Path:
        return self._run.path if model is None else find_run(model, self._run.path.parent).path

    def models(self) -> list[ModelCard]:
        return [self._loaded.card]

"""What the routes ask of a copy of the tagger."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from shelftag.artifacts.fetched import Where
from shelftag.config import Config
from shelftag.tagging.tagger import Ranking


class ModelCard(BaseModel):
    """What is told of a Run that answers."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="What requests may name as `model`: its folder's name.")
    fingerprint: str
    departments: tuple[str, ...]
    threshold: float = Field(description="Confidence below which a tag is for review.")
    test_accuracy: float | None = Field(description="On products it never saw, if evaluated.")
    test_rows: int | None = Field(description="How many those were.")


@dataclass(frozen=True)
class Tagged:
    """Tags of n texts, and whose they are."""

    model: ModelCard
    ranking: Ranking


class TagTexts(Protocol):
    """Tags of one request's texts, scored together with those of others.

    Raises:
        Problem: 503 too many wait already.
    """

    def __call__(self, texts: Sequence[str], *, top_k: int | None = None) -> Awaitable[Tagged]:
        """Ask."""
        ...


@dataclass(frozen=True)
class Model:
    """A loaded Run; it stays the same for whoever holds it, whatever is put in its place."""

    card: ModelCard
    tag: TagTexts


class Service(Protocol):
    """A copy of the tagger, as routes see it."""

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        """Tags of one request's texts, scored together with those of others.

        Raises:
            Problem: 404 the model is unknown, 409 it is damaged, 503 too many wait already.
        """
        ...

    async def model(self, name: str | None) -> Model:
        """What a request means by `model`, loaded.

        Raises:
            Problem: 404 it is unknown, 409 it is damaged.
        """
        ...

    @property
    def problem(self) -> str | None:
        """Why the settings that were asked for last are not in force."""
        ...

    @property
    def config(self) -> Config:
        """What the endpoint was started with, and what was changed since."""
        ...

    def run(self, model: str | None) -> Where:
        """The folder or URI of the Run that a request means.

        Raises:
            Problem: 404 it is unknown.
        """
        ...

    def models(self) -> list[ModelCard]:
        """The deployed Run, alone: the others of serve.models_root come and go."""
        ...

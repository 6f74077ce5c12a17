"""Requests cut in pieces, scored together, and put together again: plain arrays, no Ray."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from serve.loading import Loaded
from serve.metrics.measured import count_batch
from shelftag.tagging.tagger import Ranking

MOST_CHARACTERS = 65_536
"""Of a batch: 256 names have some 10,000, and a description of 20,000 is as much work as they."""


@dataclass(frozen=True)
class Piece:
    """Texts of one request that are scored in one go."""

    texts: Sequence[str]
    loaded: Loaded
    top_k: int | None

    @property
    def names(self) -> int:
        """How many it adds to a batch; an empty piece counts too."""
        return max(len(self.texts), 1)

    @cached_property
    def characters(self) -> int:
        """Of all its texts."""
        return sum(map(len, self.texts))


def cut(texts: Sequence[str], loaded: Loaded, top_k: int | None, most: int) -> list[Piece]:
    """Pieces of at most `most` texts and MOST_CHARACTERS; one empty piece for none."""
    return [Piece(part, loaded, top_k) for part in _parts(texts, most)]


def _parts(texts: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    start = characters = 0
    for end, text in enumerate(texts):
        characters += len(text)
        if end - start == most or (end > start and characters > MOST_CHARACTERS):
            yield texts[start:end]
            start, characters = end, len(text)
    yield texts[start:]


def score_together(batch: Sequence[Piece]) -> list[Ranking | Exception]:
    """A Ranking for each piece; those for the same model share forward passes, and failures."""
    of_model: dict[str, list[int]] = {}
    for at, piece in enumerate(batch):
        of_model.setdefault(piece.loaded.card.fingerprint, []).append(at)
    out: dict[int, Ranking | Exception] = {}
    for places in of_model.values():
        pieces = [batch[at] for at in places]
        try:
            out.update(zip(places, _score(pieces), strict=True))
        except Exception as error:  # other models' requests get their answers
            out.update(dict.fromkeys(places, error))
    return [out[at] for at in range(len(batch))]


def _score(pieces: Sequence[Piece]) -> list[Ranking]:
    """Of pieces for one model, each with its own threshold and top_k."""
    tagger = pieces[0].loaded.tagger
    texts, before = [text for piece in pieces for text in piece.texts], tagger.scored
    likely = tagger.probabilities(texts)
    if texts:
        count_batch(len(texts), tagger.scored - before)
    ends = np.cumsum([len(piece.texts) for piece in pieces])
    rows = np.split(likely, ends[:-1])
    return [
        piece.loaded.tagger.ranked(own, piece.top_k)
        for piece, own in zip(pieces, rows, strict=True)
    ]


def joined(parts: Sequence[Ranking]) -> Ranking:
    """The Ranking of a request's pieces, in order."""
    if len(parts) == 1:
        return parts[0]
    return Ranking(
        np.concatenate([part.departments for part in parts]),
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.review for part in parts]),
        np.concatenate([part.candidates for part in parts]),
    )

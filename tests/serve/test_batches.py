"""Requests cut in pieces, and pieces scored together: bounded by names and by text."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from serve.batcher import Batcher
from serve.batches import MOST_CHARACTERS, Piece, cut, score_together
from serve.loading import Loaded
from shelftag.tagging.tagger import Ranking
from tests.serve.made_service import ranking

MODEL: Any = None
"""Of no piece here is anything asked."""


@given(st.lists(st.integers(0, 2 * MOST_CHARACTERS)), st.integers(1, 9))
def test_pieces_have_all_texts_in_order_and_are_small(sizes: list[int], most: int) -> None:
    texts = ["x" * size for size in sizes]
    pieces = cut(texts, MODEL, None, most)
    assert [text for piece in pieces for text in piece.texts] == texts
    for piece in pieces:
        assert piece.names <= most
        assert piece.characters <= MOST_CHARACTERS or len(piece.texts) == 1
    for one, after in pairwise(pieces):  # and no smaller than they must be
        full = one.names == most
        assert full or one.characters + len(after.texts[0]) > MOST_CHARACTERS


def test_no_texts_are_one_empty_piece() -> None:
    (piece,) = cut([], MODEL, None, 256)
    assert (piece.names, piece.characters) == (1, 0)


def scored(*asked: Sequence[str]) -> list[list[int]]:
    """Lengths of the pieces' first texts, batch by batch, when all come at once."""
    batches: list[list[int]] = []

    def score(batch: Sequence[Piece]) -> list[Ranking]:
        batches.append([len(piece.texts[0]) for piece in batch])
        return [ranking(len(piece.texts), 3) for piece in batch]

    async def ask() -> None:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(score, thread, 4, 0.0)
            await asyncio.gather(*(batcher(Piece(texts, MODEL, None)) for texts in asked))

    asyncio.run(ask())
    return batches


def test_a_batch_has_so_many_names() -> None:
    one = ["x"]
    assert scored(one * 3, one, one * 2, one * 9, one) == [[1, 1], [1], [1], [1]]


def test_a_batch_has_so_much_text() -> None:
    long = ["x" * (MOST_CHARACTERS - 1)]
    assert [len(batch) for batch in scored(["x"], long, ["x"], ["x"], long)] == [2, 2, 1]


def piece(fingerprint: str, score: Callable[[Sequence[str]], NDArray[np.float32]]) -> Piece:
    """One text for a model that scores so."""
    tagger = SimpleNamespace(
        scored=0, probabilities=score, ranked=lambda rows, _: ranking(len(rows), 3)
    )
    card = SimpleNamespace(fingerprint=fingerprint)
    return Piece(["x"], cast(Loaded, SimpleNamespace(tagger=tagger, card=card)), None)


def test_a_model_that_fails_fails_alone() -> None:
    def fails(_: Sequence[str]) -> NDArray[np.float32]:
        raise ArithmeticError("not finite")

    good = piece("good", lambda texts: np.zeros((len(texts), 3), np.float32))
    bad = piece("bad", fails)
    first, *rest = score_together([good, bad, good, bad])
    assert [type(one) for one in (first, rest[1])] == [Ranking] * 2
    assert [type(one) for one in (rest[0], rest[2])] == [ArithmeticError] * 2

    async def ask() -> list[Any]:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(score_together, thread, 4, 0.0)
            asked = (batcher(good), batcher(bad))
            return list(await asyncio.gather(*asked, return_exceptions=True))

    answers = asyncio.run(ask())
    assert [type(one) for one in answers] == [Ranking, ArithmeticError]


def test_how_long_a_batch_is_scored_is_told() -> None:
    hang = Event()

    def score(batch: Sequence[Piece]) -> list[Ranking]:
        hang.wait(20)
        return [ranking(len(piece.texts), 3) for piece in batch]

    async def ask() -> list[float]:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(score, thread, 4, 0.0)
            seen = [batcher.busy_s]
            asked = asyncio.create_task(batcher(Piece(["x"], MODEL, None)))
            await asyncio.sleep(0.05)
            seen.append(batcher.busy_s)
            hang.set()
            await asked
            return [*seen, batcher.busy_s]

    before, during, after = asyncio.run(ask())
    assert (before, after) == (0, 0)
    assert during > 0

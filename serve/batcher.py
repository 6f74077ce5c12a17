"""Names of many requests scored together, with nobody waiting for company who is alone.

While one batch is scored, requests gather; the next takes all that are there. So batches grow with
the load, and a lone request is scored at once. `@serve.batch` fixes a batch before the one ahead of
it is done: without a wait it makes a queue of batches of one, and with a wait all requests pay it
(ray/serve/batching.py, `_process_batches`, Ray 2.60).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from serve.batches import MOST_CHARACTERS, Piece
from shelftag.tagging.tagger import Ranking

Score = Callable[[Sequence[Piece]], Sequence[Ranking | Exception]]
"""An answer for each piece, or why there is none."""


class _Waiting(NamedTuple):
    piece: Piece
    answer: asyncio.Future[Ranking]


class Batcher:
    """For the event loop it is called in; pieces are scored first come, first served."""

    def __init__(self, score: Score, thread: Executor, most_names: int, wait_s: float) -> None:
        """`wait_s`: how long a batch waits for more, if the one before had several pieces."""
        self._score, self._thread = score, thread
        self._most_names, self._wait_s = most_names, wait_s
        self._queue: deque[_Waiting] = deque()
        self._work: asyncio.Task[None] | None = None
        self._began: float | None = None

    @property
    def busy_s(self) -> float:
        """Seconds since the batch that is being scored was begun."""
        return 0 if self._began is None else asyncio.get_running_loop().time() - self._began

    async def __call__(self, piece: Piece) -> Ranking:
        """The piece's tags; whoever is cancelled meanwhile is left out."""
        answer: asyncio.Future[Ranking] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(piece, answer))
        if self._work is None:
            self._work = asyncio.create_task(self._until_empty())
        return await answer

    async def _until_empty(self) -> None:
        try:
            several = False
            while self._queue:
                if several and self._wait_s:
                    await asyncio.sleep(self._wait_s)
                batch = self._take()
                several = len(batch) > 1
                if batch:
                    await self._answer(batch)
        finally:
            self._work = None

    def _take(self) -> list[_Waiting]:
        """The next pieces: one, or more of at most so many names and characters."""
        batch: list[_Waiting] = []
        names = characters = 0
        while self._queue:
            piece, answer = self._queue[0]
            if not answer.done():  # else its request was cancelled
                names, characters = names + piece.names, characters + piece.characters
                if batch and (names > self._most_names or characters > MOST_CHARACTERS):
                    break
                batch.append(self._queue[0])
            self._queue.popleft()
        return batch

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        loop, pieces = asyncio.get_running_loop(), [waiting.piece for waiting in batch]
        self._began = loop.time()
        try:
            answers = await loop.run_in_executor(self._thread, self._score, pieces)
        except Exception as error:  # each request is told, and the next batch is scored
            answers = [error] * len(batch)
        finally:
            self._began = None
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.answer.done():
                continue
            if isinstance(answer, Exception):
                waiting.answer.set_exception(answer)
            else:
                waiting.answer.set_result(answer)

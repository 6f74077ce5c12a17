"""One copy of the tagger behind the routes.

    requests --> pieces --> batch (all that came while the last was scored, to max_batch_size names)
                              '--> one thread --> Tagger --> answers
                                                    '- - sampled - -> challenger, in a thread beside

The event loop only reads and writes; tokenizing and scoring have a thread of their own, and only
one, since a Tagger is for one thread. Of a large request two pieces wait at a time, so that small
ones get their turn between them.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ray import serve as ray_serve

from serve.batcher import Batcher
from serve.batches import Piece, cut, joined, score_together
from serve.live import LiveConfig, live_config, settings_only
from serve.loading import Loaded
from serve.metrics import instruments
from serve.metrics.measured import (
    count_compared,
    count_failed,
    count_tags,
    set_models,
    set_problem,
)
from serve.models import Models
from serve.protection.exposed import check_exposed, listening_host
from serve.protection.key_ring import key_ring
from serve.protection.keys import VARIABLE
from serve.room import Room
from serve.routes import api
from serve.service import Model, ModelCard, Tagged
from serve.shadow import Shadow
from shelftag.artifacts.fetched import Where, whole
from shelftag.config import Config
from shelftag.errors import InputError
from shelftag.model.runtime import set_up
from shelftag.tagging.tagger import Ranking

PIECES_AT_A_TIME = 2
"""Of one request: the next is there when one is scored."""

HANGS = 4
"""Times `serve.timeout_s`: nobody has waited for such a batch for long."""

log = logging.getLogger("ray.serve")


class TaggerReplica:
    """Loads Runs, and answers HTTP: a `Service`."""

    def __init__(self, run: Where, config: Config, key_lines: str = "") -> None:
        settings = config.serve
        _check_folder(settings.models_root)
        set_up(config.scaling.threads_per_worker)
        self._config, self._key_lines = config, key_lines
        keep = ray_serve.multiplexed(max_num_models_per_replica=settings.max_models)
        self._models = Models(run, config, keep)
        self._shadow = Shadow(count_compared, count_failed)
        self._problem: str | None = None
        instruments.start()
        self._loading = asyncio.Lock()
        self._room = Room(settings)
        thread = ThreadPoolExecutor(1, thread_name_prefix="tagger")
        most, wait_s = settings.max_batch_size, settings.batch_wait_s
        self._score = Batcher(score_together, thread, most, wait_s)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """What `ray_serve.ingress()` asks for."""
        keys = key_ring(self._key_lines, self._config.serve.keys_file)
        check_exposed(listening_host(), keys)
        return api(self, self._config.serve, keys)

    async def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Take new settings, and a new Run, while the old one goes on answering.

        What cannot be taken is said in the log and by /readyz, and the old goes on. A new copy
        answers with the Run that the endpoint was started with then: one that failed would not
        come up again after a crash.

        Raises:
            ShelftagError: that Run cannot be used either.
        """
        async with self._loading:
            try:
                await self._take(live_config(user_config))
                self._problem = None
            except Exception as error:  # a damaged Run may make its loaders raise anything
                self._problem = str(error) or type(error).__name__
                log.error("not taken: %s", self._problem)
                if not self._models.is_loaded:
                    await self._take(settings_only(user_config))
            finally:
                set_problem(self._problem)

    async def check_health(self) -> None:
        """Serve asks now and then, and replaces a copy that raises.

        Raises:
            RuntimeError: the one thread that scores hangs, so that no request is answered.
        """
        most = HANGS * self._config.serve.timeout_s
        if self._score.busy_s > most:
            raise RuntimeError(f"a batch has been scored for {self._score.busy_s:.0f} s")

    async def _take(self, live: LiveConfig) -> None:
        await self._models.take(live)
        challenger = self._models.challenger
        self._shadow.set(challenger, live.challenger_share)
        set_models(self._models.champion.card, challenger.card if challenger else None)

    def models(self) -> list[ModelCard]:
        """The deployed Run, alone."""
        return [self._models.champion.card]

    def run(self, model: str | None) -> Where:
        """The folder or URI of the Run that a request means."""
        return self._models.folder(model)

    @property
    def config(self) -> Config:
        """What the endpoint was started with, and what was changed since."""
        return self._config.model_copy(update={"tagging": self._models.tagging})

    @property
    def problem(self) -> str | None:
        """Why the settings that were asked for last are not in force."""
        return self._problem

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        """Tags of one request, scored together with those of others.

        Raises:
            Problem: 404 the model is unknown, 409 it is damaged, 503 too many wait already.
        """
        return await (await self.model(model)).tag(texts, top_k=top_k)

    async def model(self, name: str | None) -> Model:
        """What a request means by `model`, loaded: it stays that Run for whoever holds it.

        Raises:
            Problem: 404 it is unknown, 409 it is damaged.
        """
        loaded = await self._models.asked(name)
        return Model(loaded.card, partial(self._tag, loaded, name is None))

    async def _tag(
        self, loaded: Loaded, sampled: bool, texts: Sequence[str], *, top_k: int | None = None
    ) -> Tagged:
        with self._room.taken(texts):
            pieces = cut(texts, loaded, top_k, self._config.serve.max_batch_size)
            ranking = joined(await self._scored(pieces))
        count_tags(loaded.card, ranking)
        if sampled:
            self._shadow.offer(texts, loaded, ranking)
        return Tagged(loaded.card, ranking)

    async def _scored(self, pieces: Sequence[Piece]) -> list[Ranking]:
        if len(pieces) == 1:
            return [await self._score(pieces[0])]
        turns = asyncio.Semaphore(PIECES_AT_A_TIME)

        async def in_turn(piece: Piece) -> Ranking:
            async with turns:
                return await self._score(piece)

        async with asyncio.TaskGroup() as group:  # if one fails, the others are not scored
            tasks = [group.create_task(in_turn(piece)) for piece in pieces]
        return [task.result() for task in tasks]


def _check_folder(models_root: Path | None) -> None:
    if models_root is not None and not models_root.is_dir():
        problem = f"serve.models_root = {models_root} is not a folder"
        raise InputError(problem, "make it where every copy sees it, or name another")


def application(run: Where, config: Config) -> Any:
    """The deployment, bound to a Run, and to the API keys of this process's environment."""
    scaling, settings = config.scaling, config.serve
    gpus = settings.gpus_per_replica if scaling.use_gpu else 0
    deployment = ray_serve.deployment(
        ray_serve.ingress()(TaggerReplica),
        name="tagger",
        num_replicas=settings.replicas,
        max_ongoing_requests=settings.max_ongoing_requests,
        max_queued_requests=settings.max_queued_requests,  # Ray answers what is more
        backpressure_config={"status_code": 503, "retry_after_s": settings.retry_after_s},
        max_surge_percent=settings.max_surge_percent,
        health_check_period_s=2,  # a copy that died is seen, and replaced, that soon
        graceful_shutdown_wait_loop_s=0.2,  # how often a copy that leaves looks whether it is done
        graceful_shutdown_timeout_s=max(settings.timeout_s + 5, settings.drain_s),
        user_config={},  # `reconfigure` loads the Run
        ray_actor_options={"num_cpus": settings.cpus_per_replica, "num_gpus": gpus},
    )
    return deployment.bind(whole(run), config, os.environ.get(VARIABLE, ""))

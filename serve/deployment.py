"""One copy of the tagger behind the routes.

    requests --> pieces --> batch (all that came while the last was scored, to max_batch_size names)
                              '--> one thread --> Tagger --> answers
                                                    '- - sampled - -> challenger, in a thread beside

The event loop only reads and writes; tokenizing and scoring have a thread of their own, and only
one, since a Tagger is for one thread. A large request is cut in pieces, so that small ones get
their turn between them.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ray import serve as ray_serve

from serve.batcher import Batcher
from serve.batches import cut, joined, score_together
from serve.live import LiveConfig, live_config, tagging_config
from serve.loading import Loaded, find_run, load
from serve.metrics import instruments
from serve.metrics.measured import WAITING, count_compared, count_tags, set_models, set_problem
from serve.problems import Problem
from serve.protection.exposed import check_exposed, listening_host
from serve.protection.key_ring import key_ring
from serve.protection.keys import VARIABLE
from serve.routes import api
from serve.service import ModelCard, Tagged
from serve.shadow import Shadow
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.errors import ShelftagError
from shelftag.model.runtime import set_up
from shelftag.model.shared import SharedBases

log = logging.getLogger("ray.serve")


class TaggerReplica:
    """Loads Runs, and answers HTTP: a `Service`."""

    def __init__(self, run: Path, config: Config, key_lines: str = "") -> None:
        set_up(config.scaling.threads_per_worker)
        self._run, self._config, self._live = Run(run), config, LiveConfig()
        self._key_lines = key_lines
        self._bases = SharedBases()
        self._champion: Loaded | None = None
        self._shadow = Shadow(count_compared)
        self._problem: str | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tagger")
        instruments.start()
        self._loading = asyncio.Lock()
        self._waiting = 0
        most, wait_s = config.serve.max_batch_size, config.serve.batch_wait_s
        self._score = Batcher(score_together, self._thread, most, wait_s)
        most_models = ray_serve.multiplexed(max_num_models_per_replica=config.serve.max_models)

        async def named(name: str) -> Loaded:  # Ray marks it, and a bound method takes no marks
            return await self._load_named(name)

        self._named = most_models(named)

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
            Refused: that Run cannot be used either.
        """
        async with self._loading:
            try:
                await self._take(live_config(user_config))
                self._problem = None
            except Exception as error:  # a damaged Run may make its loaders raise anything
                self._problem = str(error) or type(error).__name__
                log.error("not taken: %s", self._problem)
                if self._champion is None:
                    await self._take(LiveConfig())
            finally:
                set_problem(self._problem)

    async def _take(self, live: LiveConfig) -> None:
        tagging = tagging_config(live, self._config.tagging)
        champion = await self._loaded(Run(live.run or self._run.path), self._champion)
        challenger = None
        if live.challenger is not None:
            challenger = await self._loaded(Run(live.challenger), self._shadow.challenger)
        self._champion, self._live = champion.configured(tagging), live
        self._shadow.set(challenger, live.challenger_share)
        set_models(self._champion.card, challenger.card if challenger else None)

    async def _loaded(self, run: Run, now: Loaded | None) -> Loaded:
        """A Run, or what is loaded of it already."""
        wanted = run.manifest().fingerprint
        if now is not None and (now.run.path, now.card.fingerprint) == (run.path, wanted):
            return now
        return await asyncio.to_thread(load, run, self._config.tagging, self._bases)

    async def _load_named(self, name: str) -> Loaded:
        run = find_run(name, self._config.serve.models_root)
        try:
            return await asyncio.to_thread(load, run, self._config.tagging, self._bases)
        except ShelftagError as error:
            detail = f"model {name!r} cannot be used: {error}"
            raise Problem(HTTPStatus.CONFLICT, detail) from None

    def models(self) -> list[ModelCard]:
        """The Runs that are loaded here, the deployed one first."""
        assert self._champion  # noqa: S101  (a copy is let in to answer when it has one)
        return [self._champion.card]

    def run(self, model: str | None) -> Path:
        """The folder of the Run that a request means."""
        assert self._champion  # noqa: S101
        if model is None or model == self._champion.card.name:
            return self._champion.run.path
        return find_run(model, self._config.serve.models_root).path

    @property
    def config(self) -> Config:
        """What the endpoint was started with, and what was changed since."""
        tagging = tagging_config(self._live, self._config.tagging)
        return self._config.model_copy(update={"tagging": tagging})

    @property
    def problem(self) -> str | None:
        """Why the settings that were asked for last are not in force."""
        return self._problem

    async def tag(
        self, texts: Sequence[str], *, top_k: int | None = None, model: str | None = None
    ) -> Tagged:
        """Tags of one request, scored together with those of others.

        Raises:
            Problem: 404 the model is unknown, 409 it is damaged, 503 too many names wait already.
        """
        loaded = await self._asked(model)
        self._check_room(len(texts))
        self._wait(len(texts))
        try:
            pieces = cut(texts, loaded, top_k, self._config.serve.max_batch_size)
            ranking = joined(await asyncio.gather(*map(self._score, pieces)))
        finally:
            self._wait(-len(texts))
        count_tags(loaded.card, ranking)
        if model is None:
            self._shadow.offer(texts, loaded, ranking)
        return Tagged(loaded.card, ranking)

    async def _asked(self, model: str | None) -> Loaded:
        assert self._champion  # noqa: S101
        if model is None or model == self._champion.card.name:
            return self._champion
        find_run(model, self._config.serve.models_root)  # refused before another is unloaded
        named: Loaded = await self._named(model)
        return named.configured(tagging_config(self._live, self._config.tagging))

    def _wait(self, names: int) -> None:
        self._waiting += names
        WAITING.set(self._waiting)

    def _check_room(self, names: int) -> None:
        most = self._config.serve.max_queued_names
        if self._waiting and self._waiting + names > most:
            detail = f"{self._waiting:,} names wait, at most {most:,} may (serve.max_queued_names)"
            after = {"Retry-After": str(self._config.serve.retry_after_s)}
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"{detail}: come back later", after)


def application(run: Path, config: Config) -> Any:
    """The deployment, bound to a Run, and to the API keys of this process's environment."""
    scaling, settings = config.scaling, config.serve
    gpus = settings.gpus_per_replica if scaling.use_gpu else 0
    deployment = ray_serve.deployment(
        ray_serve.ingress()(TaggerReplica),
        name="tagger",
        num_replicas=settings.replicas,
        max_ongoing_requests=settings.max_ongoing_requests,
        max_surge_percent=settings.max_surge_percent,
        health_check_period_s=2,  # a copy that died is seen, and replaced, that soon
        graceful_shutdown_wait_loop_s=0.2,  # how often a copy that leaves looks whether it is done
        graceful_shutdown_timeout_s=settings.timeout_s + 5,  # longer than any request may take
        user_config={},  # `reconfigure` loads the Run
        ray_actor_options={"num_cpus": settings.cpus_per_replica, "num_gpus": gpus},
    )
    return deployment.bind(run, config, os.environ.get(VARIABLE, ""))

"""One copy of the Tagger behind the routes.

    requests --> batch (up to max_batch_size, for batch_wait_s) --> one thread --> Tagger

The event loop only reads and writes; tokenizing and scoring have a thread of their own, and only
one, since a Tagger is for one thread.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from ray import serve as ray_serve

from serve.routes import api
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.model.runtime import set_up
from shelftag.tagging.tagger import Tag, Tagger

Asked = tuple[list[str], int]
"""The texts of one request, and its top_k."""


class TaggerReplica:
    """Loads a Run once, and answers HTTP."""

    def __init__(self, run: Path, config: Config) -> None:
        set_up(config.scaling.threads_per_worker)
        self._config = config
        self._tagger = Tagger.load(Run(run), config.tagging)
        self._model = Run(run).manifest().fingerprint
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tagger")
        self._score.set_max_batch_size(config.serve.max_batch_size)
        self._score.set_batch_wait_timeout_s(config.serve.batch_wait_s)

    def __serve_build_asgi_app__(self) -> FastAPI:
        """What `ray_serve.ingress()` asks for, once the Tagger is loaded."""
        return api(
            self.tag,
            self._model,
            max_products=self._config.serve.max_products,
            top_k=self._config.tagging.top_k,
        )

    async def tag(self, texts: list[str], top_k: int) -> list[Tag]:
        """Tags of one request, scored together with those of others."""
        tags: list[Tag] = await self._score((texts, top_k))
        return tags

    @ray_serve.batch  # type: ignore[untyped-decorator]
    async def _score(self, batch: list[Asked]) -> list[list[Tag]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._tag_together, batch)

    def _tag_together(self, batch: list[Asked]) -> list[list[Tag]]:
        together = [text for texts, _ in batch for text in texts]
        tags = iter(self._tagger.tag(together, top_k=max(top_k for _, top_k in batch)))
        return [[_cut(next(tags), top_k) for _ in texts] for texts, top_k in batch]


def _cut(tag: Tag, top_k: int) -> Tag:
    return replace(tag, alternatives=tag.alternatives[: top_k - 1])


def application(run: Path, config: Config) -> Any:
    """The deployment, bound to a Run."""
    scaling, settings = config.scaling, config.serve
    deployment = ray_serve.deployment(
        ray_serve.ingress()(TaggerReplica),
        name="tagger",
        num_replicas=settings.replicas,
        max_ongoing_requests=max(settings.max_ongoing_requests, settings.max_batch_size),
        max_constructor_retry_count=2,
        ray_actor_options={"num_cpus": scaling.cpus_per_worker, "num_gpus": int(scaling.use_gpu)},
    )
    return deployment.bind(run, config)

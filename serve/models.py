"""The Runs of a copy.

champion     answers where a request names none
named        those of `serve.models_root`; loaded when asked for, the one not asked longest goes
challenger   asked beside the champion (serve/shadow.py)
"""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from weakref import WeakValueDictionary

from serve.live import LiveConfig, tagging_config
from serve.loading import Loaded, find_run, load
from serve.problems import Problem
from shelftag.artifacts import Run
from shelftag.artifacts.fetched import Where, fetched, whole
from shelftag.config import Config
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ShelftagError
from shelftag.model.shared import SharedBases
from shelftag.tagging.identity import check_run


class Named:
    """A Run of the folder: loaded once, however many wait for it and however many of them leave."""

    def __init__(self) -> None:
        self._fingerprint = ""
        self._loading: asyncio.Future[Loaded] | None = None

    def has(self, fingerprint: str) -> bool:
        """Whether these very weights are in memory, or on their way."""
        task = self._loading
        failed = task is None or (task.done() and task.exception() is not None)
        return self._fingerprint == fingerprint and not failed

    async def loaded(
        self, fingerprint: str, read: Callable[[], Loaded], thread: Executor
    ) -> Loaded:
        """The Run, by `read` in the thread if these weights are not there."""
        if not self.has(fingerprint):
            reading = partial(_if_wanted, weakref.ref(self), read)
            task = asyncio.get_running_loop().run_in_executor(thread, reading)
            task.add_done_callback(_seen)
            self._fingerprint, self._loading = fingerprint, task
        assert self._loading  # noqa: S101  (it has it now)
        return await asyncio.shield(self._loading)


def _if_wanted(named: "weakref.ref[Named]", read: Callable[[], Loaded]) -> Loaded:
    """Read it, unless others were asked for since, and nobody waits for this one."""
    if named() is None:
        raise asyncio.CancelledError
    return read()


def _seen(task: asyncio.Future[Loaded]) -> None:
    """All who would be told of a failure may have left."""
    if not task.cancelled():
        task.exception()


Keep = Callable[[Callable[[str], Awaitable[Named]]], Callable[[str], Awaitable[Named]]]
"""Remembers what a function gave for the last few names: `ray_serve.multiplexed(...)`."""


class Models:
    """Finds and loads them; for the event loop it is used in."""

    def __init__(self, run: Where, config: Config, keep: Keep) -> None:
        self._run, self._config, self._live = run, config, LiveConfig()
        self._champion: Loaded | None = None
        self.challenger: Loaded | None = None
        self._bases, self._beside = SharedBases(), SharedBases()  # no lock is shared with it
        # One at a time: those on their way are in memory too, and `max_models` counts them not
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._held: WeakValueDictionary[str, Named] = WeakValueDictionary()

        async def named(name: str) -> Named:  # Ray marks it, and a bound method takes no marks
            return self._held.setdefault(name, Named())

        self._keep = keep(named)

    @property
    def is_loaded(self) -> bool:
        """Whether there is a champion."""
        return self._champion is not None

    @property
    def champion(self) -> Loaded:
        """What answers where a request names no model.

        Raises:
            Problem: 503, nothing is loaded yet.
        """
        if self._champion is None:
            after = {"Retry-After": str(self._config.serve.retry_after_s)}
            detail = "no model is loaded yet: come back later"
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, after)
        return self._champion

    @property
    def tagging(self) -> TaggingConfig:
        """How names become tags now."""
        return tagging_config(self._live, self._config.tagging)

    async def take(self, live: LiveConfig) -> None:
        """Put other Runs and settings in place; all or nothing.

        Raises:
            ShelftagError: a Run cannot be used.
        """
        champion = await self._loaded(live.run or self._run, self._champion, self._bases)
        challenger = None
        if live.challenger is not None:
            challenger = await self._loaded(live.challenger, self.challenger, self._beside)
        self._live, self.challenger = live, challenger
        self._champion = champion.configured(self.tagging)

    async def _loaded(self, where: Where, now: Loaded | None, bases: SharedBases) -> Loaded:
        """A Run, or what is loaded of it already."""
        run = await asyncio.to_thread(fetched, where)
        wanted = run.manifest().fingerprint
        if now is not None and (now.run.path, now.card.fingerprint) == (run.path, wanted):
            return now
        return await asyncio.to_thread(self._read, run, bases)

    def _read(self, run: Run, bases: SharedBases) -> Loaded:
        return load(run, self._config.tagging, bases, self._config.scaling.threads_per_worker)

    async def asked(self, name: str | None) -> Loaded:
        """What a request means by `model`.

        Raises:
            Problem: 404 it is unknown, 409 it is damaged.
        """
        if name is None or name == self.champion.card.name:
            return self.champion
        try:
            return (await self._named(name)).configured(self.tagging)
        except ShelftagError as error:
            detail = f"model {name!r} cannot be used: {error}"
            raise Problem(HTTPStatus.CONFLICT, detail) from None

    async def _named(self, name: str) -> Loaded:
        run, fingerprint = await asyncio.to_thread(self._find, name)
        held = self._held.get(name)
        if held is None or not held.has(fingerprint):  # no other is unloaded for a damaged one
            await asyncio.to_thread(check_run, run)
        held = await self._keep(name)
        return await held.loaded(fingerprint, partial(self._read, run, self._bases), self._loader)

    def _find(self, name: str) -> tuple[Run, str]:
        run = find_run(name, self._config.serve.models_root)
        return run, run.manifest().fingerprint

    def folder(self, name: str | None) -> Where:
        """Of the Run that a request means, or its URI.

        Raises:
            Problem: 404 it is unknown.
        """
        if name in (None, self.champion.card.name):
            return whole(self._live.run or self._run)
        return find_run(name, self._config.serve.models_root).path

"""The Runs of a copy: loaded once, found again, replaced, and refused."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from serve import models as models_of_a_copy
from serve.live import LiveConfig
from serve.loading import Loaded, load
from serve.models import Models, Named
from serve.problems import Problem
from shelftag.artifacts import Run
from shelftag.config import Config
from tests import tiny
from tests.serve.deployed import variant


class KeepsOne:
    """As `ray_serve.multiplexed` with one model: another unloads it. Notes who came in."""

    def __init__(self) -> None:
        self.came: list[str] = []
        self._held: dict[str, Named] = {}

    def __call__(
        self, make: Callable[[str], Awaitable[Named]]
    ) -> Callable[[str], Awaitable[Named]]:
        async def kept(name: str) -> Named:
            if name not in self._held:
                self.came.append(name)
                self._held.clear()
                self._held[name] = await make(name)
            return self._held[name]

        return kept


class Loads:
    """`serve.loading.load`, slower, and what it was asked."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.asked: list[tuple[str, Any, int]] = []
        self._pause_s = pause_s

    def __call__(self, run: Run, tagging: Any, bases: Any, threads: int) -> Loaded:
        self.asked.append((run.path.name, bases, threads))
        time.sleep(self._pause_s)
        return load(run, tagging, bases, threads)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.asked]


@pytest.fixture
def root(tiny_run: Run, tmp_path: Path) -> Path:
    """A folder of two good Runs and a damaged one."""
    variant(tiny_run, tmp_path / "low", 0.0)
    variant(tiny_run, tmp_path / "high", 1.0)
    damaged = Run(copytree(tiny_run.path, tmp_path / "damaged"))
    damaged.calibration_file.write_text("{}")
    return tmp_path


@pytest.fixture
def keep() -> KeepsOne:
    return KeepsOne()


@pytest.fixture
def models(tiny_run: Run, root: Path, keep: KeepsOne) -> Models:
    settings = {"serve": {"models_root": root}, "scaling": {"threads_per_worker": 3}}
    config = Config.model_validate(tiny.CONFIG.model_dump() | settings)
    return Models(tiny_run.path, config, keep)


def loads(monkeypatch: pytest.MonkeyPatch, pause_s: float = 0.0) -> Loads:
    counted = Loads(pause_s)
    monkeypatch.setattr(models_of_a_copy, "load", counted)
    return counted


async def started(models: Models, **live: Any) -> Models:
    await models.take(LiveConfig(**live))
    return models


def test_before_there_is_a_model_the_answer_is_to_come_back(models: Models) -> None:
    with pytest.raises(Problem, match="no model is loaded yet") as refused:
        asyncio.run(models.asked(None))
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})


def test_a_model_that_takes_longer_than_all_who_wait_is_loaded_once(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> Loaded:
        await started(models)
        counted = loads(monkeypatch, 0.5)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await asyncio.gather(*(models.asked("low") for _ in range(3)))
        answers = await asyncio.gather(*(models.asked("low") for _ in range(3)))
        assert counted.names == ["low"]
        return answers[0]

    assert asyncio.run(ask()).card.name == "low"


def test_a_load_that_failed_is_tried_again(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Loaded:
        raise MemoryError

    async def ask() -> Loaded:
        await started(models)
        with monkeypatch.context() as broken:
            broken.setattr(models_of_a_copy, "load", fails)
            with pytest.raises(MemoryError):
                await models.asked("low")
        return await models.asked("low")

    assert asyncio.run(ask()).card.name == "low"


def test_a_damaged_model_unloads_no_other(
    models: Models, keep: KeepsOne, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        await started(models)
        counted = loads(monkeypatch)
        for name in ("low", "damaged", "low", "damaged", "low"):
            if name == "damaged":
                with pytest.raises(Problem, match=r"'damaged' cannot be used: .*calibration"):
                    await models.asked(name)
            else:
                assert (await models.asked(name)).card.name == name
        assert (counted.names, keep.came) == (["low"], ["low"])

    asyncio.run(ask())


def test_one_that_was_replaced_in_place_is_seen(models: Models, root: Path) -> None:
    async def ask() -> None:
        await started(models)
        before = (await models.asked("low")).card
        rmtree(root / "low")
        copytree(root / "high", root / "low")
        after = (await models.asked("low")).card
        assert before.fingerprint != after.fingerprint == Run(root / "low").manifest().fingerprint
        assert after.threshold == 1.0

    asyncio.run(ask())


def test_the_challenger_has_a_base_of_its_own_and_all_have_their_threads(
    models: Models, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        counted = loads(monkeypatch)
        await started(models, challenger=root / "high")
        await models.asked("low")
        champion, challenger, named = [bases for _, bases, _ in counted.asked]
        assert champion is named
        assert champion is not challenger
        assert {threads for _, _, threads in counted.asked} == {3}

    asyncio.run(ask())


def test_who_holds_a_model_keeps_it(models: Models, root: Path, tiny_run: Run) -> None:
    async def ask() -> None:
        held = await (await started(models)).asked(None)
        await models.take(LiveConfig(run=root / "high"))
        assert held.card.fingerprint == tiny_run.manifest().fingerprint
        assert models.champion.card.name == "high"
        assert len(held.tagger.tag(["rye bread"])) == 1

    asyncio.run(ask())


def test_runs_are_loaded_one_at_a_time_and_only_while_they_are_wanted(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those on their way are in memory beside those that are kept."""
    loading, most = 0, 0

    def slow(run: Run, *others: Any) -> Loaded:
        nonlocal loading, most
        loading += 1
        most = max(most, loading)
        time.sleep(0.1)
        loaded = load(run, *others)
        loading -= 1
        return loaded

    loads = Loads()

    async def ask() -> None:
        await models.take(LiveConfig())
        monkeypatch.setattr(models_of_a_copy, "load", slow)
        await asyncio.gather(models.asked("low"), models.asked("high"))
        monkeypatch.setattr(models_of_a_copy, "load", loads)
        models._loader.submit(time.sleep, 0.5)
        left = asyncio.create_task(models.asked("low"))  # "high" is kept: this one waits
        await asyncio.sleep(0.2)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        del left  # its traceback holds on to what it waited for
        await models.asked("high")

    asyncio.run(ask())
    assert most == 1
    assert loads.names == ["high"]

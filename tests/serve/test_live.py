"""What changes while the endpoint answers: settings, the Run, models by name, a challenger."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from serve.deployment import TaggerReplica, application
from serve.live import LiveConfig, live_config, tagging_config
from serve.loading import find_run, load
from serve.metrics.measured import SETTINGS_REFUSED
from serve.problems import Problem
from serve.shadow import MOST_WAITING, STEP, Shadow
from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError, ConfigError, InputError
from shelftag.model.shared import SharedBases
from shelftag.tagging.tagger import Ranking
from tests import tiny
from tests.network import free_port
from tests.serve.deployed import config_of, copies, deploy, variant

NAMES = ["rye bread", "organic milk", "cat litter"]


@pytest.fixture(scope="module")
def runs(tiny_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Runs: two good ones, a damaged one, and links to what lies outside."""
    root = tmp_path_factory.mktemp("runs")
    variant(tiny_run, root / "low", 0.0)
    variant(tiny_run, root / "high", 1.0)
    damaged = Run(copytree(tiny_run.path, root / "damaged"))
    damaged.calibration_file.write_text("{}")
    (root / "link").symlink_to(tiny_run.path)
    (root / "file").write_text("no Run")
    return root


@pytest.fixture
def copy(tiny_run: Run) -> TaggerReplica:
    """One copy of the tagger, without Ray Serve around it."""
    return TaggerReplica(tiny_run.path, tiny.CONFIG)


def told(copy: TaggerReplica) -> tuple[str, float, str | None]:
    (card,) = copy.models()
    return card.fingerprint, card.threshold, copy.problem


def test_settings_change_and_what_is_left_out_is_as_it_was_started(
    copy: TaggerReplica, tiny_run: Run
) -> None:
    own = tiny_run.manifest().fingerprint
    asyncio.run(copy.reconfigure({}))
    started = told(copy)
    asyncio.run(copy.reconfigure({"threshold": 0.9}))
    assert told(copy) == (own, 0.9, None)
    asyncio.run(copy.reconfigure({"top_k": 1}))
    assert told(copy) == started


def test_the_run_changes_and_changes_back(copy: TaggerReplica, runs: Path, tiny_run: Run) -> None:
    high = Run(runs / "high")
    asyncio.run(copy.reconfigure({"run": str(high.path)}))
    assert told(copy) == (high.manifest().fingerprint, 1.0, None)
    asyncio.run(copy.reconfigure({}))
    assert told(copy)[0] == tiny_run.manifest().fingerprint


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"run": "nowhere"}, "nowhere"),
        ({"run": "{runs}/damaged"}, "calibration.json"),
        ({"run": "{runs}/file"}, "file"),
        ({"challenger": "{runs}/damaged"}, "calibration.json"),
        ({"threshold": 1.5}, "threshold = 1.5"),
        ({"treshold": 0.5}, "treshold"),
        ({"run": 7}, "run = 7"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_old_goes_on(
    copy: TaggerReplica,
    runs: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    wanted: dict[str, Any],
    said: str,
) -> None:
    monkeypatch.setattr(logging.getLogger("ray.serve"), "propagate", True)
    asyncio.run(copy.reconfigure({"threshold": 0.9}))
    before = told(copy)
    filled = {
        key: value.format(runs=runs) if isinstance(value, str) else value
        for key, value in wanted.items()
    }
    asyncio.run(copy.reconfigure(filled))
    fingerprint, threshold, problem = told(copy)
    assert (fingerprint, threshold) == before[:2]
    assert problem is not None
    assert said in problem
    assert problem in caplog.text
    assert SETTINGS_REFUSED.take() == {(): 1.0}
    asyncio.run(copy.reconfigure({"threshold": 0.9}))
    assert told(copy) == before


def test_a_new_copy_answers_with_the_run_it_was_started_with_when_the_wanted_one_is_gone(
    copy: TaggerReplica, tiny_run: Run
) -> None:
    asyncio.run(copy.reconfigure({"run": "nowhere"}))
    fingerprint, _, problem = told(copy)
    assert fingerprint == tiny_run.manifest().fingerprint
    assert problem is not None
    assert "nowhere" in problem


def test_a_copy_that_has_nothing_to_answer_with_fails() -> None:
    copy = TaggerReplica(Path("nowhere"), tiny.CONFIG)
    with pytest.raises(ArtifactError, match="nowhere"):
        asyncio.run(copy.reconfigure({}))


def test_weights_are_not_loaded_again_for_a_setting(
    copy: TaggerReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(copy.reconfigure({}))
    monkeypatch.setattr("serve.models.load", lambda *_: pytest.fail("loaded again"))
    asyncio.run(copy.reconfigure({"threshold": 0.25, "top_k": 2}))
    assert told(copy)[1:] == (0.25, None)


def test_live_settings_lie_over_those_it_was_started_with() -> None:
    started = TaggingConfig(threshold=0.5, top_k=4)
    assert tagging_config(LiveConfig(), started) == started
    changed = tagging_config(live_config({"threshold": 0}), started)
    assert (changed.threshold, changed.top_k) == (0, 4)
    assert live_config(None) == LiveConfig()


def test_every_broken_setting_is_named() -> None:
    with pytest.raises(ConfigError, match=r"top_k = 0: .*; challenger_share = 2: "):
        live_config({"top_k": 0, "challenger_share": 2})


@pytest.mark.parametrize(
    "name",
    ["nothing", "link", "file", "", ".", "..", "../runs", "/etc", "low/..", "a\0b", "x" * 9_999],
)
def test_only_folders_inside_the_root_are_models(runs: Path, name: str) -> None:
    with pytest.raises(Problem) as refused:
        find_run(name, runs)
    assert refused.value.status == 404
    assert "damaged, high, low" in refused.value.detail


def test_without_a_root_no_model_has_a_name() -> None:
    with pytest.raises(Problem, match=r"serve\.models_root"):
        find_run("low", None)


@pytest.fixture
def compared() -> list[tuple[str, bool]]:
    return []


@pytest.fixture
def shadow(compared: list[tuple[str, bool]]) -> Shadow:
    return Shadow(lambda department, same: compared.append((department, same)))


def drained(shadow: Shadow) -> None:
    """All that waits has been compared."""
    shadow._thread.submit(lambda: None).result(30)


def test_a_challenger_is_asked_the_same_and_its_answers_are_only_compared(
    shadow: Shadow, compared: list[tuple[str, bool]], tiny_run: Run
) -> None:
    champion = load(tiny_run, TaggingConfig(), SharedBases())
    ranking = champion.tagger.rank(NAMES)
    shadow.set(champion, 1.0)
    shadow.offer(NAMES, champion, ranking)
    drained(shadow)
    names = champion.tagger.departments.names
    assert compared == [(names[first], True) for first in ranking.departments[:, 0]]
    ranking.departments[:] = ranking.departments[:, ::-1].copy()
    shadow.offer(NAMES, champion, ranking)
    drained(shadow)
    assert [same for _, same in compared[len(NAMES) :]] == [False] * len(NAMES)


def test_a_share_of_requests_is_sampled(
    shadow: Shadow, compared: list[tuple[str, bool]], tiny_run: Run
) -> None:
    champion = load(tiny_run, TaggingConfig(), SharedBases())
    ranking = champion.tagger.rank(NAMES[:1])
    for share in (0.25, 0.0):
        shadow.set(champion, share)
        for _ in range(400):
            shadow.offer(NAMES[:1], champion, ranking)
            drained(shadow)
        assert 60 < len(compared) < 140  # six standard deviations around 100, and no more with 0


def test_a_challenger_that_raises_or_is_slow_changes_nothing(
    compared: list[tuple[str, bool]],
    tiny_run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failures: list[None] = []
    told: list[str] = []
    monkeypatch.setattr("serve.shadow.log.exception", told.append)
    shadow = Shadow(lambda *one: compared.append(one), lambda: failures.append(None))
    champion, challenger = (load(tiny_run, TaggingConfig(), SharedBases()) for _ in range(2))
    ranking, go_on = champion.tagger.rank(NAMES), threading.Event()

    def stuck(*_: object) -> None:
        go_on.wait(30)
        raise RuntimeError("no answer")

    monkeypatch.setattr(challenger.tagger, "rank", stuck)
    shadow.set(challenger, 1.0)
    start = time.monotonic()
    for _ in range(MOST_WAITING):
        shadow.offer(NAMES, champion, ranking)
    assert time.monotonic() - start < 1
    most = MOST_WAITING // len(NAMES)
    assert shadow._waiting == most * len(NAMES)
    go_on.set()
    drained(shadow)
    assert shadow._waiting == 0
    assert len(failures) == most
    assert len(told) == 1
    shadow.set(champion, 1.0)  # its thread lives on
    shadow.offer(NAMES, champion, ranking)
    drained(shadow)
    assert len(compared) == len(NAMES)


def test_a_challenger_is_asked_few_names_at_a_time_at_the_champions_priority(
    shadow: Shadow, compared: list[tuple[str, bool]], tiny_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, asked = load(tiny_run, TaggingConfig(), SharedBases()), []
    rank, many = champion.tagger.rank, [f"bread {number}" for number in range(100)]
    ranking = rank(many)

    def noted(texts: Sequence[str]) -> Ranking:
        asked.append((len(texts), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        return rank(texts)

    monkeypatch.setattr(champion.tagger, "rank", noted)
    shadow.set(champion, 1.0)
    shadow.offer(many, champion, ranking)
    drained(shadow)
    assert (len(compared), sum(size for size, _ in asked)) == (100, 100)
    assert max(size for size, _ in asked) <= STEP
    assert {nice for _, nice in asked} == {os.getpriority(os.PRIO_PROCESS, 0)}


def test_small_requests_get_their_turn_between_the_pieces_of_a_large_one(
    copy: TaggerReplica,
) -> None:
    """Also where a few products of much text are the large one."""
    done: list[str] = []

    async def ask(name: str, texts: list[str]) -> None:
        await copy.tag(texts)
        done.append(name)

    async def both() -> None:
        await copy.reconfigure({})
        large = asyncio.create_task(ask("large", [f"{i} " + "word " * 4_000 for i in range(40)]))
        await asyncio.sleep(0)
        for number in range(5):
            await ask(str(number), [f"rye bread {number}"])
        await large

    asyncio.run(both())
    assert done[-1] == "large"


def test_threshold_and_top_k_of_settings_whose_run_is_gone_are_kept(copy: TaggerReplica) -> None:
    asyncio.run(copy.reconfigure({"run": "/nowhere", "threshold": 0.25}))
    _, threshold, problem = told(copy)
    assert (threshold, problem is None) == (0.25, False)


@pytest.mark.parametrize("key", ["run", "challenger"])
def test_relative_paths_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=rf"{key} = 'runs/new': .*name the Run by its full path"):
        live_config({key: "runs/new"})


def test_a_folder_of_models_that_is_not_there_is_refused(tiny_run: Run, tmp_path: Path) -> None:
    settings = {"serve": {"models_root": tmp_path / "nowhere"}}
    config = Config.model_validate(tiny.CONFIG.model_dump() | settings)
    with pytest.raises(InputError, match=r"serve\.models_root = .*nowhere is not a folder"):
        TaggerReplica(tiny_run.path, config)


def test_ray_is_told_the_bounds_of_its_queue(tiny_run: Run) -> None:
    settings = {"max_queued_requests": 7, "retry_after_s": 3, "timeout_s": 9, "drain_s": 70}
    config = Config.model_validate(tiny.CONFIG.model_dump() | {"serve": settings})
    deployed = application(tiny_run.path, config)._bound_deployment
    assert deployed.max_queued_requests == 7
    refusal = deployed._deployment_config.backpressure_config
    assert (refusal.status_code, refusal.retry_after_s) == (503, 3)
    assert deployed._deployment_config.graceful_shutdown_timeout_s == 70


@pytest.fixture(scope="module")
def url(tiny_run: Run, runs: Path, ray_here: None) -> Iterator[str]:  # noqa: ARG001
    """One copy on Ray Serve, over a folder of Runs, of which it holds one."""
    from ray import serve as ray_serve

    port = free_port()
    ray_serve.start(http_options={"host": "127.0.0.1", "port": port})
    deploy(config_of(tiny_run.path, port, replicas=1, models_root=str(runs), max_models=1))
    yield f"http://127.0.0.1:{port}"
    ray_serve.shutdown()


def asked(url: str, **more: Any) -> httpx.Response:
    products = [{"name": name} for name in NAMES]
    return httpx.post(f"{url}/v1/tag", json={"products": products, **more}, timeout=30)


def test_a_user_config_changes_everything_in_the_same_process(
    url: str, tiny_run: Run, runs: Path
) -> None:
    high, port = Run(runs / "high"), httpx.URL(url).port
    root = {"replicas": 1, "models_root": str(runs), "max_models": 1}

    def answers(**live: Any) -> tuple[str, set[str], int]:
        deploy(config_of(tiny_run.path, port or 0, live=live, **root))
        body = asked(url).json()
        statuses = {tag["status"] for tag in body["tags"]}
        return body["model"], statuses, len(body["tags"][0]["alternatives"])

    before, own = copies(), tiny_run.manifest().fingerprint
    assert answers(threshold=0.0, top_k=2) == (own, {"tagged"}, 1)
    assert answers(threshold=1.0) == (own, {"review"}, 2)
    assert answers(run=str(high.path)) == (high.manifest().fingerprint, {"review"}, 2)
    assert answers(run=str(runs / "damaged"))[0] == high.manifest().fingerprint
    ready = httpx.get(f"{url}/readyz", timeout=30).json()
    assert "calibration.json" in ready["problem"]
    assert answers()[0] == own
    assert httpx.get(f"{url}/readyz", timeout=30).json()["problem"] is None
    assert copies() == before


def test_models_are_loaded_when_asked_and_the_one_not_asked_longest_is_left(
    url: str, tiny_run: Run, runs: Path
) -> None:
    low, high = (Run(runs / name) for name in ("low", "high"))
    whole = low.calibration_file.read_text()
    assert asked(url, model="low").json()["model"] == low.manifest().fingerprint
    low.calibration_file.write_text("{}")
    assert asked(url, model="low").status_code == 200  # it is in memory
    assert asked(url, model="high").json()["model"] == high.manifest().fingerprint
    refused = asked(url, model="low")
    assert (refused.status_code, refused.headers["content-type"]) == (
        409,
        "application/problem+json",
    )
    assert "model 'low' cannot be used" in refused.json()["detail"]
    low.calibration_file.write_text(whole)
    assert asked(url, model="low").status_code == 200
    assert asked(url).json()["model"] == tiny_run.manifest().fingerprint
    assert asked(url, model=tiny_run.path.name).json()["model"] == tiny_run.manifest().fingerprint


@pytest.mark.parametrize(
    ("name", "status"), [("nothing", 404), ("link", 404), ("x" * 9_999, 404), ("damaged", 409)]
)
def test_what_is_no_model_is_refused_and_the_others_answer(
    url: str, name: str, status: int
) -> None:
    assert asked(url, model=name).status_code == status
    assert asked(url, model="high").status_code == 200

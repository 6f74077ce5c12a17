"""A training run survives: real processes, real kills at random points, and a notice of one."""

import re
import signal
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from safetensors.numpy import load_file

from shelftag.artifacts import Dataset, Run, read_json
from shelftag.training.checkpoints import checkpoints
from shelftag.training.starts import starts
from tests import tiny
from tests.pipelines.preparing import Running, Stage, is_called, stage
from tests.soak import some

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

STEPS, INTERVAL = 2_400, 20
WORKER = "ray::RayTrainWorker"
KILLS = (*["worker"] * 14, *["driver"] * 5, "raylet")
"""Who is killed, in random order."""
NOTICE_S = 8
"""Seconds between a notice and the end of a node: clouds give 30 to 120."""
SAME = 1e-5
"""What weights may differ by; those of a resumed run are equal."""
SETTINGS = (
    *tiny.OVERRIDES,
    *(f"train.max_steps={STEPS}", f"train.save_steps={INTERVAL}", "train.learning_rate=0.0001"),
    *("train.per_device_train_batch_size=32", "scaling.max_failures=-1"),
    "scaling.object_store_gb=0.2",
)
ALONE = "train.gradient_accumulation_steps=2"
TOGETHER = ("scaling.workers=2", "scaling.min_workers=1", "scaling.resize_check_s=1")


@pytest.fixture
def here() -> Iterator[Stage]:
    """Where processes are started, and Runs stand."""
    with stage() as found:
        yield found


@pytest.fixture(scope="module", autouse=True)
def soon() -> Iterator[None]:
    """Ray Train looks after its workers often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TRAIN_HEALTH_CHECK_INTERVAL_S", "0.2")
        yield


@pytest.fixture(scope="module")
def base(tiny_base: Path) -> str:
    """Names a base that is there: two made ones may differ in the order of their tokens."""
    return f"model.base={tiny_base}"


@pytest.fixture(scope="module")
def undisturbed(tiny_dataset: Dataset, base: str, soon: None) -> Iterator[Run]:  # noqa: ARG001
    """What the command makes when nobody is killed."""
    with stage() as found:
        run = Run(found.folder / "run")
        process = train(found, tiny_dataset, run, base, ALONE)
        assert process.exit_code() == 0, process.output
        yield run


def train(here: Stage, dataset: Dataset, run: Run, *more: str) -> Running:
    files = ("--dataset", str(dataset.path), "--out", str(run.path))
    return here.start("-m", "pipelines", "train", *files, *SETTINGS, *more)


def newest(run: Run) -> int:
    """Steps of the newest checkpoint."""
    found = checkpoints(run.checkpoints_dir)
    return found[0].step if found else 0


def kill(victim: str, process: Running, random: Random) -> bool:
    """Kill one of a kind, if one is there."""
    if victim == "driver":
        process.process.kill()
        return True
    found = process.members(WORKER if victim == "worker" else victim)
    if found:
        random.choice(found).kill()
    return bool(found)


def check_same(run: Run, undisturbed: Run) -> list[dict[str, Any]]:
    """It ended as if nothing had been; returns the starts it took."""
    found, expected = run.manifest().training, undisturbed.manifest().training
    assert found["steps"] == expected["steps"] == STEPS
    assert found["loss"] == pytest.approx(expected["loss"], abs=SAME)
    name = "adapter_model.safetensors"
    weights, wanted = load_file(run.adapter_dir / name), load_file(undisturbed.adapter_dir / name)
    assert weights.keys() == wanted.keys()
    differs = max(float(abs(weights[key] - wanted[key]).max()) for key in wanted)
    assert differs < SAME
    begun: list[dict[str, Any]] = found["starts"]
    print(f"{len(begun)} starts, from {[one['step'] for one in begun]}, differs by {differs:.1e}")
    assert not any(one["damaged"] for one in begun)
    return begun


def test_killed_at_random_points_it_makes_the_same_run(
    tiny_dataset: Dataset, base: str, undisturbed: Run, here: Stage
) -> None:
    seed = Random().randrange(10**6)
    print(f"seed {seed}")
    random = Random(seed)
    cards = some(KILLS, random)
    run, seen = Run(here.folder / "run-0"), [0]
    number = 0
    while cards or not run.is_complete:
        if run.is_complete:
            check(run, undisturbed, seen)
            number += 1
            run, seen = Run(here.folder / f"run-{number}"), [0]
        process = train(here, tiny_dataset, run, base, ALONE)
        dead = False
        while cards and not dead:
            wanted = newest(run) + INTERVAL * random.choice((0, 1, 1, 2))
            pause_s = process.elapsed_s() + random.uniform(0, 1)
            if not process.wait_until(
                lambda: newest(run) >= wanted and process.elapsed_s() > pause_s  # noqa: B023
            ):
                break
            if not process.wait_until(lambda: bool(process.members(WORKER))):  # noqa: B023
                break
            seen.append(newest(run))
            if not kill(cards[-1], process, random):
                continue
            print(f"{run.path.name}: {cards[-1]} at {process.elapsed_s():.1f} s", flush=True)
            dead = cards.pop() != "worker"
        code = process.exit_code()
        assert (code == 0) == run.is_complete, process.output
        assert code == 0 or dead, process.output
    check(run, undisturbed, seen)


def check(run: Run, undisturbed: Run, seen: list[int]) -> None:
    """The same Run, and never more than what came after a checkpoint was done again."""
    steps = [start["step"] for start in check_same(run, undisturbed)]
    assert steps == sorted(steps)
    assert steps[-1] >= max(seen)


def test_a_cluster_that_shrinks_and_grows_makes_the_same_run(
    tiny_dataset: Dataset, base: str, undisturbed: Run, here: Stage
) -> None:
    """Two workers, then one after a raylet was killed, then two again."""
    file, run = here.folder / "cluster.json", Run(here.folder / "run")
    cluster = here.start("-m", "tests.pipelines.three_nodes", str(file), "2")
    assert cluster.wait_until(file.is_file), cluster.output
    found = read_json(file)
    address = f"scaling.address={found['address']}"
    process = train(here, tiny_dataset, run, base, *TOGETHER, address)
    node = psutil.Process(found["raylets"][0])
    assert process.wait_until(lambda: newest(run) >= INTERVAL), process.output
    node.kill()

    def is_alone() -> bool:
        last = starts(run.checkpoints_dir)[-1]  # its worker outlives a raylet for a second or so
        return last.workers == 1 and newest(run) > last.step

    assert process.wait_until(is_alone), process.output
    cluster.process.send_signal(signal.SIGUSR1)
    assert process.exit_code() == 0, process.output
    workers = [start["workers"] for start in check_same(run, undisturbed)]
    assert [count for count, _ in groupby(workers)] == [2, 1, 2]


def test_a_notice_makes_a_checkpoint_and_a_new_start_without_that_node(
    tiny_dataset: Dataset,
    base: str,
    undisturbed: Run,
    here: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The run makes no checkpoints of its own: with the node's last work, all of it would be lost.

    The notice is Ray's own, as an autoscaler or a node that gets SIGTERM gives it.
    """
    monkeypatch.setenv("RAY_TRAIN_PREEMPTION_POLL_INTERVAL_S", "0.5")
    file, run = here.folder / "cluster.json", Run(here.folder / "run")
    cluster = here.start("-m", "tests.pipelines.three_nodes", str(file))
    assert cluster.wait_until(file.is_file), cluster.output
    found = read_json(file)
    never = f"train.save_steps={STEPS}"
    address = f"scaling.address={found['address']}"
    process = train(here, tiny_dataset, run, base, *TOGETHER, never, address)
    raylets = [psutil.Process(pid) for pid in found["raylets"]]

    def at_work() -> list[int]:
        return [i for i, one in enumerate(raylets) if any(map(is_worker, one.children()))]

    assert process.wait_until(lambda: "train 1" in process.output and bool(at_work()))
    index = at_work()[0]
    assert newest(run) == 0
    told = here.told_to_go(found["address"], found["nodes"][index], NOTICE_S)
    assert told.exit_code() == 0, told.output
    time.sleep(NOTICE_S)
    if raylets[index].is_running():  # a raylet that is told to go and has nothing to do ends itself
        raylets[index].kill()
    assert process.exit_code() == 0, process.output
    said = re.findall(r"saved at step (\d+), going on without it", process.output)
    begun = check_same(run, undisturbed)
    assert [start["step"] for start in begun] == [0, *map(int, said)]
    assert [start["workers"] for start in begun] == [2, 2]
    assert 0 < begun[1]["step"] < STEPS


def is_worker(one: psutil.Process) -> bool:
    return is_called(one, (WORKER,))

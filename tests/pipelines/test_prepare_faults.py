"""`shelftag prepare` survives: real processes, real kills at random points."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

import psutil
import pytest

from shelftag.artifacts import MARKER, Dataset, read_json
from tests.pipelines.kills import Card, play
from tests.pipelines.preparing import (
    PIECES,
    Running,
    Stage,
    contents,
    done_parts,
    is_called,
    part_files,
    pieces_done,
    stage,
    strays,
    write_dirty_tables,
)
from tests.soak import some

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]

WORKERS = ("ray::Map", "ray::IDLE")
CARDS: tuple[Card, ...] = (
    *[("worker", "merging")] * 9,
    *[("driver", "starting")] * 2,
    *[("driver", "merging")] * 4,
    *[("driver", "publishing")] * 2,
    *[("driver", "published")] * 2,
    ("raylet", "starting"),
    ("raylet", "merging"),
    ("raylet", "publishing"),
)
"""Who is killed and when; dealt in random order."""
LEFT_BY_A_LATE_KILL = {"commits", "job.json", MARKER}
"""May stand beside a manifest if the kill came right after it; no reader looks at them."""


@pytest.fixture
def here() -> Iterator[Stage]:
    """Where processes are started, and Datasets stand."""
    with stage() as found:
        yield found


@pytest.fixture(scope="module")
def tables() -> Iterator[Path]:
    """Made tables with bad rows."""
    with stage() as found:
        yield write_dirty_tables(found.folder / "tables")


@pytest.fixture(scope="module")
def undisturbed(tables: Path) -> dict[str, Any]:
    """What the command makes of them when nobody is killed."""
    with stage() as found:
        dataset = Dataset(found.folder / "dataset")
        run = found.prepare(tables, dataset)
        assert run.exit_code() == 0, run.output
        assert not strays(dataset)
        return contents(dataset)


def waited_for(run: Running, dataset: Dataset, random: Random, card: Card) -> bool:
    """Whether the moment came before the process ended."""
    victim, moment = card
    if moment == "published":
        return run.wait_until(lambda: dataset.is_complete)
    if moment == "starting":
        is_there = victim == "driver" or run.wait_until(lambda: bool(run.members(victim)))
        return is_there and paused(run, random.uniform(0, 3 if victim == "driver" else 1))
    begun = run.wait_until(dataset.job_file.is_file)
    more = 1 if moment == "merging" else PIECES
    pieces = random.randint(min(pieces_done(dataset) + more, PIECES), PIECES)
    done = begun and run.wait_until(lambda: pieces_done(dataset) >= pieces)
    return done and paused(run, random.uniform(0, 0.1 if moment == "merging" else 2))


def paused(run: Running, seconds: float) -> bool:
    """Whether the process has not ended after some time."""
    end_s = run.elapsed_s() + seconds
    return run.wait_until(lambda: run.elapsed_s() >= end_s)


def test_killed_at_random_points_it_makes_the_same_dataset(
    tables: Path, undisturbed: dict[str, Any], here: Stage
) -> None:
    seed = Random().randrange(10**6)
    print(f"seed {seed}")
    random = Random(seed)
    cards = some(CARDS, random)
    went_on = 0
    while cards:
        dataset = Dataset(here.folder / f"dataset-{len(cards)}")
        done: set[str] = set()
        while not dataset.is_complete:
            run = here.prepare(tables, dataset)
            killed = play(cards, run, partial(waited_for, run, dataset, random), WORKERS, random)
            code = run.exit_code()
            went_on += "pieces are done" in run.output
            assert code == 0 or killed.count("worker") < len(killed), run.output
            if not dataset.is_complete:
                assert code != 0
                done |= done_parts(dataset)
        check(dataset, undisturbed, done)
        if strays(dataset):
            run = here.prepare(tables, dataset)
            assert run.exit_code() == 2
            assert "is there already" in run.output
        rmtree(dataset.path)
    assert went_on > 0


def check(dataset: Dataset, undisturbed: dict[str, Any], done: set[str]) -> None:
    """It equals the undisturbed one, and the pieces that were done were not done again."""
    assert contents(dataset) == undisturbed
    assert strays(dataset) <= LEFT_BY_A_LATE_KILL
    assert done <= part_files(dataset)


def test_a_killed_node_of_a_cluster_is_survived(
    tables: Path, undisturbed: dict[str, Any], here: Stage
) -> None:
    file, dataset = here.folder / "cluster.json", Dataset(here.folder / "dataset")
    cluster = here.start("-m", "tests.pipelines.three_nodes", str(file))
    assert cluster.wait_until(file.is_file), cluster.output
    found = read_json(file)
    node = psutil.Process(found["raylets"][0])
    run = here.prepare(tables, dataset, f"scaling.address={found['address']}")

    def is_at_work() -> bool:
        mergers = [one for one in node.children() if is_called(one, ("ray::Map",))]
        return bool(mergers) and pieces_done(dataset) > 2

    assert run.wait_until(is_at_work), run.output
    node.kill()
    assert run.exit_code() == 0, run.output
    check(dataset, undisturbed, set())

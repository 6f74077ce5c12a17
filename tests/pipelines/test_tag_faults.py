"""`shelftag tag` survives: real processes, real kills at random points, a node of a cluster, a
disk that is full."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

import psutil
import pytest

from shelftag.artifacts import Run, Tags, read_json
from tests.pipelines.kills import Card, play
from tests.pipelines.preparing import Running, Stage, is_called, stage
from tests.pipelines.tagging import (
    ROWS,
    STAGES,
    commits,
    contents,
    part_files,
    parts_done,
    start,
    write_catalog,
)
from tests.soak import some

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_500)]

WORKERS = ("ray::_names_task", "ray::_rows_task", "ray::IDLE", "ray::ScoringActor")
CARDS: tuple[Card, ...] = (
    *[("worker", stage) for stage in STAGES] * 4,
    *[("driver", stage) for stage in STAGES] * 2,
    *[("raylet", stage) for stage in STAGES],
    ("driver", "starting"),
    ("driver", "publishing"),
    ("driver", "published"),
)
"""Who is killed and when, 24; dealt in random order."""


@pytest.fixture
def here() -> Iterator[Stage]:
    """Where processes are started, and outputs stand."""
    with stage() as found:
        yield found


@pytest.fixture(scope="module")
def catalog() -> Iterator[Path]:
    """Made CSV files with bad rows."""
    with stage() as found:
        yield write_catalog(found.folder / "catalog")


@pytest.fixture(scope="module")
def undisturbed(catalog: Path, tiny_run: Run) -> dict[str, Any]:
    """What the command makes of them when nobody is killed."""
    with stage() as found:
        out = Tags(found.folder / "out")
        run = start(found, tiny_run, catalog, out)
        assert run.exit_code() == 0, run.output
        made = contents(out)
        assert len(made["tags"]) + len(made["errors"]) == ROWS
        return made


def waited_for(run: Running, out: Tags, random: Random, card: Card) -> bool:
    """Whether the moment came before the process ended."""
    _, moment = card
    if moment == "published":
        return run.wait_until(lambda: out.is_complete)
    if moment == "starting":
        return run.wait_until(lambda: run.elapsed_s() > random.uniform(0, 3))
    if moment == "publishing":
        return run.wait_until(lambda: commits(out, "rows") == ROWS // 1_000)
    before = STAGES[STAGES.index(moment) - 1] if moment != "names" else None
    ready = before is None or run.wait_until(lambda: commits(out, before) > 0)
    count = commits(out, moment) + random.randint(0, 5)
    return ready and run.wait_until(
        lambda: commits(out, moment) >= count or commits(out, "rows") == ROWS // 1_000
    )


def test_killed_at_random_points_it_makes_the_same_output(
    catalog: Path, tiny_run: Run, undisturbed: dict[str, Any], here: Stage
) -> None:
    seed = Random().randrange(10**6)
    print(f"seed {seed}")
    random = Random(seed)
    cards = some(CARDS, random)
    went_on = 0
    while cards:
        out = Tags(here.folder / f"out-{len(cards)}")
        done: set[str] = set()
        while not out.is_complete:
            run = start(here, tiny_run, catalog, out)
            killed = play(cards, run, partial(waited_for, run, out, random), WORKERS, random)
            code = run.exit_code()
            went_on += "goes on: " in run.output
            assert code == 0 or killed.count("worker") < len(killed), run.output
            if not out.is_complete:
                assert code != 0
                done |= parts_done(out)
        assert contents(out) == undisturbed
        assert done <= part_files(out), "a piece that was done was done again"
        rmtree(out.place.path)
    assert went_on > 0


def test_a_killed_node_of_a_cluster_is_survived(
    catalog: Path, tiny_run: Run, undisturbed: dict[str, Any], here: Stage
) -> None:
    file, out = here.folder / "cluster.json", Tags(here.folder / "out")
    cluster = here.start("-m", "tests.pipelines.three_nodes", str(file))
    assert cluster.wait_until(file.is_file), cluster.output
    found = read_json(file)
    nodes = [psutil.Process(raylet) for raylet in found["raylets"]]
    more = (f"scaling.address={found['address']}", "scaling.tagging_actors=2")
    run = start(here, tiny_run, catalog, out, *more)  # one of the two is not on the head

    def scoring() -> list[psutil.Process]:
        called = ("ray::ScoringActor",)
        return [node for node in nodes if any(is_called(one, called) for one in node.children())]

    assert run.wait_until(lambda: bool(scoring())), run.output
    scoring()[0].kill()
    assert run.exit_code() == 0, run.output
    assert contents(out) == undisturbed

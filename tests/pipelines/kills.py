"""Kills at random points, as cards say: who is killed, and when."""

from collections.abc import Callable
from random import Random

from tests.pipelines.preparing import Running

Card = tuple[str, str]
"""Victim (worker, driver, raylet) and moment."""
MOST = 3
"""In one process: Ray gives up a task that is lost more often."""


def play(
    cards: list[Card],
    run: Running,
    waited_for: Callable[[Card], bool],
    workers: tuple[str, ...],
    random: Random,
) -> list[str]:
    """Kill as the last cards say, until the process cannot live on or is done; who was killed.

    Args:
        waited_for: whether the card's moment came before the process ended.
        workers: how the processes are called that live on after one of them is killed.
    """
    killed: list[str] = []
    while cards and killed.count("worker") == len(killed) < MOST:
        victim, moment = cards[-1]
        if not waited_for(cards[-1]) or not _kill(victim, run, workers, random):
            break
        print(f"{victim}, {moment}, {run.elapsed_s():.1f} s", flush=True)
        killed.append(victim)
        cards.pop()
    return killed


def _kill(victim: str, run: Running, workers: tuple[str, ...], random: Random) -> bool:
    """Kill one of a kind, if one is there."""
    if victim == "driver":
        run.process.kill()
        return True
    found = run.members(*(workers if victim == "worker" else (victim,)))
    if found:
        random.choice(found).kill()
    return bool(found)

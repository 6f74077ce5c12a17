"""Pieces of work given to Ray, each a task; what they say comes back as they finish.

No data comes back, so Ray Data, whose import alone takes each worker more than a second, would have
nothing to carry. A task that died, with its worker or its machine, is done again by Ray. Errors of
ours come back as they were raised.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shelftag import errors
from shelftag.errors import Failed, ShelftagError

AGAIN = "mend the cause, and give the same command again: it goes on from what is done"
RETRIES = 20
"""Times a task may be lost with its worker or its machine."""
GIVE_AGAIN = {"max_restarts": -1, "max_task_retries": -1}
"""Options of an actor that is started again, wherever there is room, and does its piece again."""
IN_FLIGHT = 2
"""Pieces that an actor, or a core, has at a time: none waits for the driver."""


class Lost(Failed):
    """Ray lost the work itself, such as with a machine: what is left can be given to it again."""


def spread(
    work: Sequence[dict[str, Any]], *, what: str, task: Callable[..., dict[str, str]], **given: Any
) -> Iterator[str]:
    """Do each piece of work on a core of its own.

    Args:
        work: what the task is called with.
        what: names the work in errors.
        task: a function that returns what `told` makes.
        given: more that it is called with.

    Raises:
        ShelftagError: as a task raised it.
        Lost: the work was lost.
    """
    import ray

    remote = ray.remote(num_cpus=1, max_retries=RETRIES)(task)
    left = list(reversed(work))
    waited: list[Any] = []
    try:
        while left or waited:
            most = IN_FLIGHT * max(int(ray.cluster_resources().get("CPU", 0)), 1)
            while left and len(waited) < most:
                waited.append(remote.remote(left.pop(), **given))
            (ref,), waited = ray.wait(waited, num_returns=1)
            yield _said(ray.get(ref))
    except ray.exceptions.RayError as error:
        raise _lost(what, error) from error
    finally:
        for ref in waited:
            ray.cancel(ref)


def _said(row: dict[str, str]) -> str:
    if row["error"]:
        raise getattr(errors, row["error"])(row["said"], row["way_out"])
    return row["said"]


def _lost(what: str, error: Exception) -> Lost:
    # The text of a task's error is its traceback, and after it those of Ray's own errors.
    cause = str(error).split("\n\nThe above exception")[0].strip().splitlines()[-1]
    return Lost(f"{what} was lost ({cause})", AGAIN)


def spread_to_actors(
    work: Sequence[dict[str, Any]], what: str, actors: Sequence[Any], **given: Any
) -> Iterator[str]:
    """The same by actors that are there: each is given the next piece when it is done with one.

    Args:
        actors: handles with the methods `load`, which ends when one is ready to work, and `work`.
        given: more that `work` is called with.

    Raises:
        ShelftagError: as an actor raised it.
        Lost: the work was lost.
    """
    import ray

    # One that waits for a free machine is given nothing: the others do it all.
    waited: dict[Any, Any] = {actor.load.remote(): actor for actor in actors}
    left, done = list(reversed(work)), 0
    try:
        while done < len(work):
            (ref,), _ = ray.wait(list(waited), num_returns=1)
            actor, said = waited.pop(ref), _said(ray.get(ref))
            for _ in range(1 if said else IN_FLIGHT):
                if left:
                    waited[actor.work.remote(left.pop(), **given)] = actor
            if said:
                done += 1
                yield said
    except ray.exceptions.RayError as error:
        raise _lost(what, error) from error


def told(work: Callable[[], str], what: str) -> dict[str, str]:
    """What a task returns: what `work` says, or the error it ended with."""
    try:
        return {"said": work(), "error": "", "way_out": ""}
    except ShelftagError as error:
        return _error(error)
    except OSError as error:
        return _error(Failed(f"{what} stopped ({error.strerror or error})", AGAIN))
    except Exception as error:
        return _error(Failed(f"{what} failed ({type(error).__name__}: {error})", AGAIN))


def _error(error: ShelftagError) -> dict[str, str]:
    return {"said": error.problem, "error": type(error).__name__, "way_out": error.way_out}

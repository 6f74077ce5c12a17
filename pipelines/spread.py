"""One task on Ray Data for each piece of work; what they say comes back as they finish.

A task that died, with its worker or its machine, is done again by Ray. Errors of ours come back as
they were raised: of an exception that leaves a task, Ray Data would make a text of its own.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shelftag import errors
from shelftag.errors import Failed, ShelftagError

AGAIN = "mend the cause, and give the same command again: it goes on from what is done"


GIVE_AGAIN = {"max_restarts": -1, "max_task_retries": -1}
"""Options of an actor that is started again, wherever there is room, and does its piece again."""


class Lost(Failed):
    """Ray lost the work itself, such as with a machine: what is left can be given to it again."""


def spread(work: Sequence[dict[str, Any]], *, what: str, task: Any, **given: Any) -> Iterator[str]:
    """Do each piece of work.

    Args:
        work: what the task is called with, a row for each.
        what: names the work in errors.
        task: a function that returns what `told` makes.
        given: more that it is called with.

    Raises:
        ShelftagError: as a task raised it.
        Lost: the work was lost.
    """
    import ray

    if not work:
        return
    # In a task, not here: Ray Data's lines, a false alarm for every actor pool among them, go to
    # Ray's log. On this machine: if that is lost, so are we.
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        ray.get_runtime_context().get_node_id(), soft=True
    )
    options = {"num_cpus": 0, "max_retries": 0, "num_returns": "streaming"}
    graph = ray.remote(**options, scheduling_strategy=here)(_graph)
    try:
        for result in graph.remote(list(work), task, given):
            row = ray.get(result)
            if row["error"]:
                raise getattr(errors, row["error"])(row["said"], row["way_out"])
            yield row["said"]
    except ray.exceptions.RayError as error:
        # The text of a task's error is its traceback, and after it those of Ray's own errors.
        cause = str(error).split("\n\nThe above exception")[0].strip().splitlines()[-1]
        raise Lost(f"{what} was lost ({cause})", AGAIN) from error


def _graph(
    work: Sequence[dict[str, Any]], task: Any, given: dict[str, Any]
) -> Iterator[dict[str, str]]:
    import ray.data

    # Our own line of progress stands in place of Ray Data's bars and log.
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # a task's error comes as a result
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    graph = ray.data.from_items(list(work), override_num_blocks=len(work)).map(
        task, fn_kwargs=given
    )
    for row in graph.iter_rows():
        yield row
        if row["error"]:
            return


def spread_to_actors(
    work: Sequence[dict[str, Any]], what: str, actors: Sequence[Any]
) -> Iterator[str]:
    """The same by actors that are there: each is given the next piece when it is done with one.

    Args:
        actors: handles with the methods `load`, which ends when one is ready to work, and `work`.

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
            actor, row = waited.pop(ref), ray.get(ref)
            if row["error"]:
                raise getattr(errors, row["error"])(row["said"], row["way_out"])
            if left:
                waited[actor.work.remote(left.pop())] = actor
            if row["said"]:
                done += 1
                yield row["said"]
    except ray.exceptions.RayError as error:
        raise Lost(f"{what} was lost ({str(error).strip().splitlines()[-1]})", AGAIN) from error


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

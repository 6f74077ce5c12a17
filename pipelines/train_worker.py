"""What each Ray Train worker does: fit, and say how it goes.

Checkpoints do not go through Ray: it would hear of one up to two seconds after it was written, and
keeps its list of them in a file that a kill can leave half written.
"""

import uuid
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from cluster.storage import check_node
from pipelines.train_feed import streamed
from shelftag.artifacts import MARKER, Dataset, Run, remove, write_json
from shelftag.config import Config
from shelftag.errors import ShelftagError
from shelftag.training.checkpoints import newest_whole
from shelftag.training.starts import Start, note_start

CERTAIN = (ValueError, TypeError, LookupError, ArithmeticError)
"""Errors that another attempt would meet again; lost peers raise RuntimeError and OSError."""


def train_worker(loop: dict[str, Any]) -> int | None:
    """In each training worker: fit, from the last whole checkpoint if there is one.

    Gives the step it left at, where a machine is to go.

    An error of ours, or of a wrong value, comes again at each attempt: it is written down, and the
    attempt that Ray makes after it ends at once.
    """
    run: Run = loop["run"]
    check_node({"--out": run.path / MARKER})  # one that joined; without it, nothing can be said
    stopped = run.stopped_file
    if stopped.is_file():
        return None
    grouped = _is_grouped()
    try:
        return _fit(**loop)
    except ShelftagError as error:
        write_json(stopped, {"problem": error.problem, "way_out": error.way_out})
        raise
    except CERTAIN as error:
        if grouped and not _is_grouped():  # Ray ends a group that lost one, at work or not
            raise
        words = (str(error).strip() or "no message").splitlines()[0]
        problem = f"a worker stopped with {type(error).__name__}: {words}"
        write_json(stopped, {"problem": problem, "way_out": "mend it and give the same command"})
        raise


def _is_grouped() -> bool:
    """Whether the workers can reach each other."""
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized()


def _fit(
    dataset: Dataset, run: Run, config: Config, base: str, stored: tuple[Any, Any]
) -> int | None:
    """`stored`: the objective and the plan, in the object store."""
    import ray.train

    from shelftag.model.runtime import set_up
    from shelftag.training.fit import Place, learn
    from shelftag.training.watch import watcher

    set_up(config.scaling.threads_per_worker)
    context = ray.train.get_context()
    place = Place(context.get_world_rank(), context.get_world_size())
    objective, plan = ray.get(list(stored))
    scratch, checkpoint = _start(run, place.rank, place.workers)
    fed = learn(
        config,
        objective,
        plan,
        scratch,
        feed=partial(streamed, stored[1]),
        place=place,
        checkpoint=checkpoint,
        checkpoints=run.checkpoints_dir,
        judged=_judged(dataset, run, config, base),
        notices=_notices(),
        callbacks=[watcher(config, run)],
    )
    if fed.left_at is None:
        write_json(run.fed_file(place.rank), asdict(fed))
    return fed.left_at


def _notices() -> Any:
    """What Ray Train tells its workers of nodes that are drained, looked at every few seconds.

    https://docs.ray.io/en/latest/train/user-guides/fault-tolerance.html
    """
    import ray.train
    from ray.train.collective import broadcast_from_rank_zero

    from shelftag.training.notice import Notices

    return Notices(lambda: ray.train.get_preemption_info() is not None, broadcast_from_rank_zero)


def _judged(dataset: Dataset, run: Run, config: Config, base: str) -> Any:
    """The validation split, if checkpoints are to be judged by it."""
    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import find_base
    from shelftag.training.examples import read_examples
    from shelftag.training.objective import objective_of
    from shelftag.training.saving import undisturbed

    if not config.train.eval_steps:
        return None
    departments = Departments(dataset.manifest().departments)
    valid = read_examples(dataset, departments, "valid", config.train.count_alpha)
    return objective_of(undisturbed(config), find_base(base, run.adapter_dir), departments, valid)


def _start(run: Run, rank: int, workers: int) -> tuple[Path, Path | None]:
    """An empty folder that all workers write to, and the checkpoint they go on from.

    Rank 0 chooses for all. The folder is a new one each time: a worker that was given up for dead
    may still write to the last.
    """
    from ray.train.collective import broadcast_from_rank_zero

    chosen = None
    if rank == 0:
        newest, damaged = newest_whole(run.checkpoints_dir)
        for name in damaged:
            remove(run.checkpoints_dir / name)
        remove(run.scratch_dir)
        chosen = (run.scratch_dir / uuid.uuid4().hex, newest.path if newest else None)
        step = newest.step if newest else 0
        note_start(run.checkpoints_dir, Start(step=step, workers=workers, damaged=damaged))
    scratch, checkpoint = broadcast_from_rank_zero(chosen)
    return scratch, checkpoint

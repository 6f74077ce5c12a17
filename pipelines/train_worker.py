"""What each Ray Train worker does: fit, report, hand its checkpoints over."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.train_feed import streamed
from shelftag.artifacts import remove, write_json
from shelftag.config import Config


def train_worker(loop: dict[str, Any]) -> None:
    """In each training worker: fit, from the last checkpoint if there is one."""
    import ray.train

    from shelftag.model.runtime import set_up
    from shelftag.training.fit import Place, learn
    from shelftag.training.watch import watcher

    config: Config = loop["config"]
    set_up(config.scaling.threads_per_worker)
    context, last = ray.train.get_context(), ray.train.get_checkpoint()
    place = Place(context.get_world_rank(), context.get_world_size())
    objective, plan = ray.get([loop["objective"], loop["plan"]])
    scratch = loop["run"].scratch_dir / f"rank-{place.rank}"
    remove(scratch)  # a killed worker left it
    fed = learn(
        config,
        objective,
        plan,
        scratch,
        feed=partial(streamed, loop["plan"]),
        place=place,
        checkpoint=Path(last.path) if last else None,
        callbacks=[watcher(config, loop["run"]), _reporter(place.rank)],
    )
    remove(scratch)
    write_json(loop["run"].fed_file(place.rank), asdict(fed))


def _reporter(rank: int) -> Any:
    """A callback that hands each saved checkpoint to Ray.

    Every rank must report, or the others wait; only rank 0 has files to give.
    """
    import ray.train
    from transformers import TrainerCallback

    class Reporter(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            checkpoint = ray.train.Checkpoint.from_directory(str(folder)) if rank == 0 else None
            ray.train.report({"step": state.global_step}, checkpoint=checkpoint)

    return Reporter()

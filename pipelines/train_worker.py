"""What each Ray Train worker does: fit, report, hand its checkpoints over."""

from pathlib import Path
from typing import Any

from shelftag.artifacts import remove
from shelftag.config import Config


def train_worker(loop: dict[str, Any]) -> None:
    """In each training worker: fit, from the last checkpoint if there is one."""
    import ray.train

    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import find_base
    from shelftag.model.runtime import set_up
    from shelftag.training.examples import read_examples
    from shelftag.training.fit import Place, fit
    from shelftag.training.watch import watcher

    config: Config = loop["config"]
    set_up(config.scaling.threads_per_worker)
    context, last = ray.train.get_context(), ray.train.get_checkpoint()
    place = Place(context.get_world_rank(), context.get_world_size())
    departments = Departments(loop["dataset"].manifest().departments)
    examples = read_examples(loop["dataset"], departments, "train", config.train.count_alpha)
    scratch = loop["run"].scratch_dir / f"rank-{place.rank}"
    remove(scratch)  # a killed worker left it
    fit(
        config,
        find_base(loop["base"], loop["run"].adapter_dir),
        departments,
        examples,
        scratch,
        place=place,
        checkpoint=Path(last.path) if last else None,
        callbacks=[watcher(config, loop["run"]), _reporter(place.rank)],
    )
    remove(scratch)


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

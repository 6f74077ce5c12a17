"""Fine-tuning in one worker, from the start or from a checkpoint."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from shelftag.artifacts import read_json
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.training.arguments import total_steps, training_arguments
from shelftag.training.batches import BatchPlan
from shelftag.training.examples import Examples
from shelftag.training.finite import watch_loss
from shelftag.training.objective import objective_of
from shelftag.training.saving import committer, undisturbed, validator
from shelftag.training.strategies import accumulation


@dataclass(frozen=True)
class Place:
    """Which worker of how many this is."""

    rank: int = 0
    workers: int = 1


def fit(
    config: Config,
    base: str,
    departments: Departments,
    examples: Examples,
    scratch: Path,
    *,
    place: Place = Place(),
    checkpoint: Path | None = None,
    checkpoints: Path | None = None,
    valid: Examples | None = None,
    callbacks: Sequence[Any] = (),
) -> None:
    """Train the adapter; checkpoints land in `scratch/checkpoint-STEP`, the last step's included.

    Args:
        base: hub id or folder.
        scratch: the same folder for all workers.
        checkpoint: a `checkpoint-STEP` of this same run to go on from.
        checkpoints: where they are moved to when they are whole; None leaves them in `scratch`.
        valid: examples to judge checkpoints by, if `train.eval_steps` asks for it.
        callbacks: transformers `TrainerCallback`s, such as the one that reports to Ray.

    Raises:
        TrainingFailed: the loss or a weight is not finite.
    """
    from transformers import PrinterCallback, set_seed

    train = config.train
    set_seed(train.seed)
    objective = objective_of(config, base, departments, examples)
    plan = BatchPlan(
        examples.weights,
        objective.lengths,
        train.per_device_train_batch_size,
        train.group_by_length,
        train.seed,
    )
    steps = total_steps(train, plan.batches_per_epoch, config.scaling.workers)
    done = read_json(checkpoint / "trainer_state.json")["global_step"] if checkpoint else 0
    if done >= steps:  # cut between the last checkpoint and the end of the run
        return
    first = done * accumulation(config, place.workers) * place.workers + place.rank

    def batches() -> Iterator[dict[str, Any]]:
        for position, rows in zip(count(first, place.workers), plan.batches(first, place.workers)):
            yield objective.batch(rows, position)

    # Before the model: DeepSpeed must know of itself when a base is loaded.
    arguments = training_arguments(config, scratch, steps, place.workers)
    trainer = objective.trainer(model=objective.model(), args=arguments, callbacks=list(callbacks))
    trainer.get_train_dataloader = lambda: _loader(batches)
    trainer.remove_callback(PrinterCallback)  # our own callbacks print
    watch_loss(trainer)
    if train.eval_steps and valid is not None:
        judged = objective_of(undisturbed(config), base, departments, valid)
        trainer.add_callback(validator(trainer, judged, config, place.rank))
    if checkpoints is not None:
        trainer.add_callback(committer(checkpoints, config, place.rank, place.workers))
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


def _loader(batches: Any) -> Any:
    """Batches as they come.

    Trainer's own loader would be sharded between workers by accelerate; ours is, by rank, already.
    """
    import torch
    from torch.utils.data import DataLoader, IterableDataset

    class Stream(IterableDataset[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            return iter(batches())

    # With the global generator, a resumed run would draw once more than an undisturbed one.
    return DataLoader(Stream(), batch_size=None, generator=torch.Generator())

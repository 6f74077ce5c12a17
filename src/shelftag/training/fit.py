"""Fine-tuning in one worker, from the start or from a checkpoint."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftag.artifacts import read_json
from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.training.arguments import total_steps, training_arguments
from shelftag.training.batches import BatchPlan, Plan, Rows, drawn
from shelftag.training.examples import Examples
from shelftag.training.fed import Fed, counted
from shelftag.training.finite import watch_loss
from shelftag.training.notice import Notices, leaver
from shelftag.training.objective import Objective, objective_of
from shelftag.training.saving import committer, validator
from shelftag.training.strategies import accumulation

Feed = Callable[[Plan, int, int, int], Iterator[tuple[int, Rows]]]
"""(plan, first, stop, step) -> (position, examples) of each batch, as `drawn` gives them."""


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
    **learning: Any,
) -> Fed:
    """`learn` from products, without Ray; `learning` is handed on.

    Args:
        base: hub id or folder.
    """
    objective = objective_of(config, base, departments, examples)
    return learn(config, objective, products_plan(objective, examples, config), scratch, **learning)


def products_plan(objective: Objective, examples: Examples, config: Config) -> BatchPlan:
    """Epochs of weighted products."""
    train = config.train
    return BatchPlan(
        examples.weights,
        objective.lengths,
        train.per_device_train_batch_size,
        train.group_by_length,
        train.seed,
    )


def learn(
    config: Config,
    objective: Objective,
    plan: Plan,
    scratch: Path,
    *,
    feed: Feed = drawn,
    place: Place = Place(),
    checkpoint: Path | None = None,
    checkpoints: Path | None = None,
    judged: Objective | None = None,
    notices: Notices | None = None,
    callbacks: Sequence[Any] = (),
) -> Fed:
    """Train the adapter; checkpoints land in `scratch/checkpoint-STEP`, the last step's included.

    Args:
        scratch: the same folder for all workers.
        feed: where the batches of a plan come from.
        checkpoint: a `checkpoint-STEP` of this same run to go on from.
        checkpoints: where they are moved to when they are whole; None leaves them in `scratch`.
        judged: what checkpoints are judged by, at every `train.eval_steps`.
        notices: how it is heard that a machine is to go: a checkpoint is made, and training ends.
        callbacks: transformers `TrainerCallback`s, such as the one that writes how it goes.

    Returns:
        What this worker was fed, up to the step it left at if it did.

    Raises:
        AccountingError: a batch was lost on the way, or came out of its turn.
        TrainingFailed: the loss or a weight is not finite.
    """
    from transformers import PrinterCallback, set_seed

    train = config.train
    set_seed(train.seed)
    steps = total_steps(train, plan.batches_per_epoch, config.scaling.workers)
    done = read_json(checkpoint / "trainer_state.json")["global_step"] if checkpoint else 0
    per_step = accumulation(config, place.workers) * place.workers
    first, stop = min(done, steps) * per_step + place.rank, steps * per_step
    fed = Fed(place.rank, place.workers, first, stop)
    if done >= steps:  # cut between the last checkpoint and the end of the run
        return fed

    def batches() -> Iterator[dict[str, Any]]:
        for position, rows in counted(feed(plan, first, stop, place.workers), fed):
            yield objective.batch(rows, position)

    # Before the model: DeepSpeed must know of itself when a base is loaded.
    arguments = training_arguments(config, scratch, steps, place.workers)
    trainer = objective.trainer(model=objective.model(), args=arguments, callbacks=list(callbacks))
    trainer.get_train_dataloader = lambda: _loader(batches)
    trainer.remove_callback(PrinterCallback)  # our own callbacks print
    watch_loss(trainer)
    if train.eval_steps and judged is not None:
        trainer.add_callback(validator(trainer, judged, config, place.rank))
    if checkpoints is not None:
        trainer.add_callback(committer(checkpoints, config, place.rank, place.workers))
    leaving = leaver(notices) if notices else None
    if leaving:
        trainer.add_callback(leaving)
    if place.rank:  # dropout of its own; a checkpoint restores each rank's random state
        set_seed(train.seed + place.rank)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    fed.left_at = leaving.left_at if leaving else None
    if fed.left_at is None:
        fed.check()
    return fed


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

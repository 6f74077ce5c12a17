"""What happens when the Trainer saves: the checkpoint is judged, sealed and put in its place."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shelftag.artifacts import write_json
from shelftag.config import Config
from shelftag.errors import TrainingFailed
from shelftag.training.checkpoints import VALIDATION, commit
from shelftag.training.finite import WAY_OUT, check_finite
from shelftag.training.objective import Objective


def committer(folder: Path, config: Config, rank: int, workers: int) -> Any:
    """A callback that moves each checkpoint all workers have written to `folder`.

    Each worker writes its part of it (random state, shards); rank 0 seals and moves it.
    """
    from transformers import TrainerCallback

    made_by = {"workers": workers, "strategy": config.scaling.strategy}

    class Committer(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            draft = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            _barrier()
            if rank == 0:
                check_finite(draft / "adapter_model.safetensors", state.global_step)
                commit(draft, folder, made_by | {"steps": state.max_steps})
            _barrier()

    return Committer()


def validator(trainer: Any, objective: Objective, config: Config, rank: int) -> Any:
    """A callback that writes the validation loss into every checkpoint of `train.eval_steps`.

    All workers pass over the whole split: with sharded weights none can do it alone.
    """
    from transformers import TrainerCallback

    train = config.train

    class Validator(TrainerCallback):  # type: ignore[misc]
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            if state.global_step % train.eval_steps and state.global_step < state.max_steps:
                return
            loss = validation_loss(trainer, objective, train.per_device_eval_batch_size)
            if not math.isfinite(loss):
                raise TrainingFailed(
                    f"the validation loss is {loss:g} at step {state.global_step}", WAY_OUT
                )
            trainer.log({"eval_loss": loss})
            if rank == 0:
                draft = Path(args.output_dir) / f"checkpoint-{state.global_step}"
                write_json(draft / VALIDATION, {"step": state.global_step, "loss": loss})

    return Validator()


def undisturbed(config: Config) -> Config:
    """A config whose batches have no token dropped, and departments for their only labels."""
    train = config.train.model_copy(update={"token_dropout": 0.0, "aisle_weight": 0.0})
    return config.model_copy(update={"train": train})


def validation_loss(trainer: Any, objective: Objective, batch_size: int) -> float:
    """Mean training loss (label smoothing included) over batches of examples, without dropout."""
    import torch

    model, total, seen = trainer.model_wrapped, 0.0, 0
    model.eval()
    with torch.no_grad():
        for rows in _by_length(objective, batch_size):
            batch = trainer._prepare_inputs(objective.batch(rows, 0))
            total += float(trainer.compute_loss(model, batch)) * len(rows)
            seen += len(rows)
    model.train()
    return total / seen


def _by_length(objective: Objective, batch_size: int) -> Iterator[Any]:
    order = np.argsort(objective.lengths, kind="stable")
    return (order[i : i + batch_size] for i in range(0, len(order), batch_size))


def _barrier() -> None:
    import torch.distributed as dist

    if dist.is_available() and dist.is_initialized():
        dist.barrier()

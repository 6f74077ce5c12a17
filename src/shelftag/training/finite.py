"""Training that has gone wrong stops, and says where."""

from pathlib import Path
from typing import Any

from shelftag.errors import TrainingFailed

WAY_OUT = "lower train.learning_rate, or train in bf16 or float32 if it was fp16"


def watch_loss(trainer: Any) -> None:
    """Make a Trainer stop at the first loss that is not finite.

    Each worker looks at its own, in each batch: no message between workers is needed, since the
    others are stopped when one fails.

    Raises:
        TrainingFailed: from `trainer.train`, naming the step.
    """
    import torch

    step = trainer.training_step

    def watched(*args: Any, **kwargs: Any) -> Any:
        loss = step(*args, **kwargs)
        if not torch.isfinite(loss):
            at = trainer.state.global_step + 1
            raise TrainingFailed(f"the loss is {float(loss):g} at step {at}", WAY_OUT)
        return loss

    trainer.training_step = watched


def check_finite(weights: Path, step: int) -> None:
    """Look at the saved weights: the loss shows only a step later what an update broke.

    Raises:
        TrainingFailed: one of them is not finite.
    """
    import torch
    from safetensors.torch import load_file

    for name, tensor in load_file(weights).items():
        if not torch.isfinite(tensor).all():
            raise TrainingFailed(f"weights are not finite after step {step} ({name})", WAY_OUT)

"""The study's hyperparameters in the words of transformers 5, in this one function."""

import math
from pathlib import Path
from typing import Any

from shelftag.config.train import TrainConfig


def total_steps(train: TrainConfig, batches_per_epoch: int, workers: int) -> int:
    """Optimizer steps of the run: `max_steps`, or else what `epochs` come to."""
    if train.max_steps > 0:
        return train.max_steps
    per_step = workers * train.gradient_accumulation_steps
    return max(1, math.ceil(train.epochs * batches_per_epoch / per_step))


def training_arguments(train: TrainConfig, folder: Path, max_steps: int, *, use_gpu: bool) -> Any:
    """`TrainingArguments` of one worker, whose checkpoints go to `folder` before they are kept.

    For the objective `generate` they are TRL's `SFTConfig`, of the same settings.
    """
    from transformers import TrainingArguments

    kind, own = TrainingArguments, dict[str, Any]()
    if train.objective == "generate":
        from trl import SFTConfig

        kind, own = SFTConfig, {"completion_only_loss": True, "max_length": None}
    return kind(
        output_dir=str(folder),
        max_steps=max_steps,
        fp16=train.fp16 and use_gpu,
        bf16=train.bf16,
        use_cpu=not use_gpu,
        per_device_train_batch_size=train.per_device_train_batch_size,
        per_device_eval_batch_size=train.per_device_eval_batch_size,
        gradient_accumulation_steps=train.gradient_accumulation_steps,
        activation_checkpointing=train.gradient_checkpointing,
        max_grad_norm=train.max_grad_norm,
        learning_rate=train.learning_rate,
        weight_decay=train.weight_decay,
        adam_beta2=train.adam_beta2,
        optim=train.optim,
        lr_scheduler_type=train.lr_scheduler_type,
        warmup_steps=math.ceil(train.warmup_ratio * max_steps),
        save_steps=train.save_steps,
        save_total_limit=1,
        logging_steps=train.logging_steps,
        include_num_input_tokens_seen="non_padding",
        seed=train.seed,
        ignore_data_skip=True,  # the batch stream starts at the stored step by itself
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
        **own,
    )

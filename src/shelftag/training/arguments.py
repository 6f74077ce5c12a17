"""The study's hyperparameters in the words of transformers 5, in this one function."""

import math
from pathlib import Path
from typing import Any

from shelftag.config import Config
from shelftag.config.train import TrainConfig
from shelftag.errors import ConfigError
from shelftag.training.strategies import accumulation, strategy_arguments


def total_steps(train: TrainConfig, batches_per_epoch: int, workers: int) -> int:
    """Optimizer steps of the run: `max_steps`, or else what `epochs` come to.

    Args:
        workers: the configured ones, however many are there: steps are of the global batch.
    """
    if train.max_steps > 0:
        return train.max_steps
    per_step = workers * train.gradient_accumulation_steps
    return max(1, math.ceil(train.epochs * batches_per_epoch / per_step))


def check_names(train: TrainConfig) -> None:
    """Refuse an optimizer or a schedule that transformers does not know.

    Raises:
        ConfigError: naming those it knows.
    """
    from transformers import SchedulerType
    from transformers.training_args import OptimizerNames

    for key, value, known in (
        ("optim", train.optim, OptimizerNames),
        ("lr_scheduler_type", train.lr_scheduler_type, SchedulerType),
    ):
        names = [one.value for one in known]
        if value not in names:
            raise ConfigError(
                f"config train.{key} = {value!r} is not known to transformers",
                f"name one of {', '.join(names)}",
            )


def training_arguments(config: Config, folder: Path, max_steps: int, workers: int) -> Any:
    """`TrainingArguments` of one of `workers`; all write their checkpoints to the same `folder`.

    For the objective `generate` they are TRL's `SFTConfig`, of the same settings.
    """
    from transformers import TrainingArguments

    train, use_gpu = config.train, config.scaling.use_gpu
    kind, own = TrainingArguments, dict[str, Any]()
    if train.objective == "generate":
        from trl import SFTConfig

        kind, own = SFTConfig, {"completion_only_loss": True, "max_length": None}
    return kind(
        output_dir=str(folder),
        max_steps=max_steps,
        fp16=train.fp16,
        bf16=train.bf16,
        use_cpu=not use_gpu,
        per_device_train_batch_size=train.per_device_train_batch_size,
        per_device_eval_batch_size=train.per_device_eval_batch_size,
        gradient_accumulation_steps=accumulation(config, workers),
        activation_checkpointing=train.gradient_checkpointing,
        # TRL: with PEFT, ZeRO-3 recomputes rightly only the reentrant way
        activation_checkpointing_kwargs={"use_reentrant": config.scaling.strategy == "zero3"},
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
        logging_nan_inf_filter=False,  # `watch_loss` stops at the first
        report_to="none",
        disable_tqdm=True,
        **own,
        **strategy_arguments(config.scaling),
    )

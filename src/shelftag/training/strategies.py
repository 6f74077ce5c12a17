"""How workers share a model: a strategy's name, in the words of transformers' TrainingArguments.

    ddp    a copy each, gradients averaged
    zero2  a copy each of the weights; optimizer state and gradients sharded   (DeepSpeed)
    zero3  weights, gradients and optimizer state sharded                      (DeepSpeed)
    fsdp   the same, by PyTorch

ZeRO: Rajbhandari et al. 2019, https://arxiv.org/abs/1910.02054.
FSDP: Zhao et al. 2023, https://arxiv.org/abs/2304.11277.
"""

import os
from typing import Any

from shelftag.config import Config
from shelftag.config.scaling import ScalingConfig
from shelftag.errors import ConfigError


def check_strategy(config: Config) -> None:
    """Refuse a strategy that cannot work with the model, the batch or the machine.

    Raises:
        ConfigError: naming the setting, the rule and the way out.
    """
    scaling = config.scaling
    if scaling.strategy == "fsdp" and config.model.quantization != "none" and not scaling.use_gpu:
        raise ConfigError(
            "config scaling.strategy = 'fsdp' breaks the rule: FSDP shards 4-bit weights on GPUs "
            "only",
            "set model.quantization=none, or scaling.strategy=zero3",
        )
    batches = scaling.workers * config.train.gradient_accumulation_steps
    fewest = scaling.min_workers or scaling.workers
    uneven = [n for n in range(fewest, scaling.workers) if batches % n]
    if uneven:
        raise ConfigError(
            f"config scaling.min_workers = {fewest} breaks the rule: the {batches} batches of a "
            f"step (workers x gradient_accumulation_steps) cannot be shared by {uneven[0]} workers",
            "raise min_workers, or choose accumulation steps that divide",
        )


def accumulation(config: Config, workers: int) -> int:
    """Batches each of `workers` sums before a step, so that the global batch is the configured."""
    batches = config.scaling.workers * config.train.gradient_accumulation_steps
    if batches % workers:
        raise ConfigError(
            f"a step has {batches} batches, and {workers} workers cannot share them",
            "set scaling.workers to a divisor",
        )
    return batches // workers


def strategy_arguments(scaling: ScalingConfig) -> dict[str, Any]:
    """What TrainingArguments takes for a strategy; call before the model is made.

    The 'auto' values are filled in by transformers from its own arguments.
    """
    if scaling.strategy == "ddp":
        return {"ddp_find_unused_parameters": False}
    if scaling.strategy == "fsdp":
        return {"fsdp": True, "fsdp_config": _fsdp(scaling)}
    if not scaling.use_gpu:
        _deepspeed_on_a_cpu()
    return {"deepspeed": _deepspeed(scaling)}


def _deepspeed(scaling: ScalingConfig) -> dict[str, Any]:
    to_cpu = {"device": "cpu", "pin_memory": scaling.use_gpu}
    zero: dict[str, Any] = {"stage": 2 if scaling.strategy == "zero2" else 3}
    zero["reduce_bucket_size"] = "auto"  # by the width; DeepSpeed's default takes 1 to 2 GB
    if zero["stage"] == 3:
        zero["stage3_prefetch_bucket_size"] = "auto"
        zero["stage3_param_persistence_threshold"] = "auto"
        zero["stage3_gather_16bit_weights_on_model_save"] = True  # a checkpoint's adapter is whole
    if scaling.offload:
        zero["offload_optimizer"] = to_cpu
        if zero["stage"] == 3:
            zero["offload_param"] = to_cpu
    return {
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "fp16": {"enabled": "auto"},
        "bf16": {"enabled": "auto"},
        "zero_optimization": zero,
        # torch's AdamW, as with the other strategies: DeepSpeed's own is compiled at first use.
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
    }


def _deepspeed_on_a_cpu() -> None:
    """Collectives through gloo: DeepSpeed's shared-memory ones are compiled for a minute."""
    os.environ.setdefault("DS_ACCELERATOR", "cpu")
    from deepspeed import ops

    ops.__compatible_ops__["deepspeed_shm_comm"] = False


def _fsdp(scaling: ScalingConfig) -> dict[str, Any]:
    return {
        "version": 2,
        "reshard_after_forward": True,
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "state_dict_type": "FULL_STATE_DICT",
        "cpu_offload": scaling.offload,
    }

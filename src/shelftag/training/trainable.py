"""From a loaded base to a model whose adapter learns: what both objectives do alike."""

from collections.abc import Callable
from typing import Any

from shelftag.config import Config


def prepared(base: Any, config: Config, add: Callable[[Any], Any]) -> Any:
    """Ready a (quantized) base, `add` its adapter, freeze what is to stay.

    What is trained is float32; DeepSpeed keeps such copies itself, and wants all in one type.
    """
    import torch
    from peft import prepare_model_for_kbit_training

    train = config.train
    base.config.use_cache = False
    if config.model.quantization != "none":
        base = prepare_model_for_kbit_training(
            base, use_gradient_checkpointing=train.gradient_checkpointing
        )
    one_type = config.scaling.strategy in ("zero2", "zero3") and base.dtype != torch.float32
    model = add(base)
    for name, parameter in model.named_parameters():
        if any(part in name for part in train.freeze):
            parameter.requires_grad = False
        if parameter.requires_grad:  # GradScaler refuses 16-bit gradients (fp16 on a T4)
            parameter.data = parameter.data.to(base.dtype if one_type else torch.float32)
    return model

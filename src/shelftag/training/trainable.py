"""From a base to a model whose adapter learns: what both objectives do alike."""

from typing import Any

from shelftag.catalog.departments import Departments
from shelftag.config import Config
from shelftag.model.adapter import add_adapter
from shelftag.model.base import load_base, trained_form
from shelftag.training.dropout import drop_embeddings


def untrained(config: Config, base: str, departments: Departments, pad_id: int) -> Any:
    """The base as it is trained on: quantized as configured, on the worker's device."""
    use_gpu = config.scaling.use_gpu
    form = trained_form(config.model, config.train, use_gpu=use_gpu)
    loaded = load_base(base, departments, form, "cuda" if use_gpu else "cpu")
    loaded.config.pad_token_id = pad_id
    loaded.config.use_cache = False
    return loaded


def trainable(base: Any, config: Config) -> Any:
    """Ready a (quantized) base, add its adapter and its dropout, freeze what is to stay.

    What is trained is float32; DeepSpeed keeps such copies itself, and wants all in one type.
    """
    import torch
    from peft import prepare_model_for_kbit_training

    train = config.train
    if config.model.quantization != "none":
        base = prepare_model_for_kbit_training(
            base, use_gradient_checkpointing=train.gradient_checkpointing
        )
    one_type = config.scaling.strategy in ("zero2", "zero3") and base.dtype != torch.float32
    model = add_adapter(base, config.model.lora, train.objective)
    drop_embeddings(model, train.embedding_dropout)
    for name, parameter in model.named_parameters():
        if any(part in name for part in train.freeze):
            parameter.requires_grad = False
        if parameter.requires_grad:  # GradScaler refuses 16-bit gradients (fp16 on a T4)
            parameter.data = parameter.data.to(base.dtype if one_type else torch.float32)
    return model

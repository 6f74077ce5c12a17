"""When a config does not fit: the one with the fewest and least costly changes that does.

The global batch stays (per_device_train_batch_size x gradient_accumulation_steps x workers), so
that what is learned stays too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from shelftag.config import Config
from shelftag.sizing.gpus import Device
from shelftag.sizing.memory import estimate, fits
from shelftag.sizing.precision import storage_needed
from shelftag.sizing.rules import broken_rules
from shelftag.sizing.shapes import Shape

MORE_WORKERS = (1, 2, 4, 8, 16)
"""Times as many."""
SHARING = (("ddp", False), ("zero3", False), ("fsdp", False), ("zero3", True), ("fsdp", True))


@dataclass(frozen=True)
class Change:
    """Settings to add to a config."""

    settings: dict[str, Any]
    config: Config

    def __str__(self) -> str:
        return " ".join(f"{key}={_yaml(value)}" for key, value in self.settings.items())


def works(shape: Shape, config: Config, device: Device) -> bool:
    """Whether a config breaks no rule on a device and fits it."""
    return not broken_rules(config, device) and fits(estimate(shape, config), device.usable)


def nearest(shape: Shape, config: Config, device: Device) -> Change | None:
    """The least change with which a config works on a device; None if there is none.

    In order of cost: smaller batches, checkpointing, quantization, another sharing, offloading,
    more workers. A precision the device lacks is always changed, to one it has.
    """
    working = (change for change in _changes(config, device) if works(shape, change.config, device))
    return min(working, key=lambda change: _cost(config, change), default=None)


def _changes(config: Config, device: Device) -> Iterator[Change]:
    """Every config to consider."""
    now = config.scaling
    sharing = {(now.strategy, now.offload), *(SHARING if device.is_gpu else ())}
    if now.min_workers is not None:  # elastic runs are ddp's
        sharing = {("ddp", False)}
    times = MORE_WORKERS if device.is_gpu else (1,)
    recomputed = config.train.gradient_checkpointing
    for more, (strategy, offload), quantization, recomputing in product(
        times, sorted(sharing), ("nf4", "none"), sorted({True, recomputed})
    ):
        settings = {
            "scaling.workers": now.workers * more,
            "scaling.strategy": strategy,
            "scaling.offload": offload,
            "model.quantization": quantization,
            "train.gradient_checkpointing": recomputing,
        }
        for batch in _batches(config, now.workers * more):
            yield _change(config, device, settings | batch)


def _batches(config: Config, workers: int) -> Iterator[dict[str, int]]:
    """Batch sizes a worker can have with the global batch kept, each half of the one before."""
    train = config.train
    size = train.per_device_train_batch_size
    whole = size * train.gradient_accumulation_steps * config.scaling.workers
    while size:
        if whole % (size * workers) == 0:
            yield {
                "train.per_device_train_batch_size": size,
                "train.gradient_accumulation_steps": whole // (size * workers),
            }
        size //= 2


def _change(config: Config, device: Device, settings: dict[str, Any]) -> Change:
    """The settings that differ, with the precision, storage and optimizer that go with them."""
    changed = _with(config, settings | _precision(config, device))
    packed, sharded = changed.model.quantization, changed.scaling.strategy in ("zero3", "fsdp")
    if packed == "none":
        changed = _with(changed, {"model.quant_storage": None})
    elif sharded and device.is_gpu:
        changed = _with(changed, {"model.quant_storage": storage_needed(changed)})
    if changed.scaling.offload:
        changed = _with(changed, {"train.optim": "adamw_torch"})
    return Change(dict(_differences(config, changed)), changed)


def _precision(config: Config, device: Device) -> dict[str, bool]:
    if config.train.bf16 and not device.has_bf16:
        return {"train.bf16": False, "train.fp16": True}
    if config.train.fp16 and not device.is_gpu:
        return {"train.fp16": False}
    return {}


def _with(config: Config, settings: dict[str, Any]) -> Config:
    for path, value in settings.items():
        section, key = path.split(".")
        part = getattr(config, section).model_copy(update={key: value})
        config = config.model_copy(update={section: part})
    return config


def _differences(old: Config, new: Config) -> Iterator[tuple[str, Any]]:
    for section in ("model", "train", "scaling"):
        before, after = getattr(old, section), getattr(new, section)
        for key in type(after).model_fields:
            if getattr(before, key) != getattr(after, key):
                yield f"{section}.{key}", getattr(after, key)


def _cost(old: Config, change: Change) -> tuple[object, ...]:
    """Ordered: what is dear comes first."""
    new = change.config
    return (
        new.scaling.workers,
        new.scaling.offload != old.scaling.offload,
        new.scaling.strategy != old.scaling.strategy,
        new.model.quantization != old.model.quantization,
        new.train.gradient_checkpointing != old.train.gradient_checkpointing,
        -new.train.per_device_train_batch_size,
        len(change.settings),
        SHARING.index((new.scaling.strategy, new.scaling.offload))
        if (new.scaling.strategy, new.scaling.offload) in SHARING
        else 0,
    )


def _yaml(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)

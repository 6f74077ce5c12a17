"""What a config needs of a device, whether it fits, and what would: no Ray, no torch, no model.

Shape + Config --estimate--> Memory --> a table, yes or no --no--> the nearest config that fits
"""

from shelftag.config import Config
from shelftag.errors import Failed
from shelftag.sizing.gpus import GIB, GPUS, Device, gpu_named, this_machine
from shelftag.sizing.memory import Memory, estimate
from shelftag.sizing.nearest import Change, nearest, works
from shelftag.sizing.rules import broken_rules
from shelftag.sizing.shapes import Shape, shape_of

PARTS = ("weights", "adapter", "gradients", "optimizer", "activations", "load_peak", "peak")


def main(*, gpu: str | None, config: Config) -> None:
    """Print the tables.

    Raises:
        ConfigError: the GPU or the base is not known.
        Failed: it does not fit; with the nearest config that does.
    """
    shape = shape_of(config.model)
    print(_title(shape, config))
    if gpu is not None:
        _one(shape, _on_gpu(config), gpu_named(gpu))
    elif config.scaling.use_gpu:
        _all(shape, config)
    else:
        _one(shape, config, this_machine())


def _on_gpu(config: Config) -> Config:
    scaling = config.scaling.model_copy(update={"use_gpu": True})
    return config.model_copy(update={"scaling": scaling})


def _title(shape: Shape, config: Config) -> str:
    model, train, scaling = config.model, config.train, config.scaling
    return (
        f"{model.base}: {shape.parameters() / 1e6:,.0f} million parameters, {model.quantization}, "
        f"LoRA r {model.lora.r}, {train.per_device_train_batch_size} x {model.max_length} tokens, "
        f"{scaling.workers} x {scaling.strategy}{' offloaded' if scaling.offload else ''}"
    )


def _one(shape: Shape, config: Config, device: Device) -> None:
    """The parts on one device, and the answer."""
    memory = estimate(shape, config)
    for part in PARTS:
        print(f"  {part.replace('_', ' '):<12}{getattr(memory, part) / GIB:>9.2f} GiB")
    print(f"  {'usable':<12}{device.usable / GIB:>9.2f} GiB on {device.name}")
    _say_offloaded(memory)
    for rule in broken_rules(config, device):
        print(f"  no: {rule.sentence} ({rule.source})")
    if not works(shape, config, device):
        raise _failure(shape, config, device)
    print(f"yes: it fits on {_devices(config, device)}")


def _all(shape: Shape, config: Config) -> None:
    """One line a GPU."""
    memory = estimate(shape, config)
    print("GiB on each GPU: " + ", ".join(_part(memory, part) for part in PARTS))
    _say_offloaded(memory)
    for device in GPUS.values():
        print(f"  {device.name:<9}{device.usable / GIB:>7.1f} GiB   {_line(shape, config, device)}")
    if not any(works(shape, config, device) for device in GPUS.values()):
        raise _failure(shape, config, max(GPUS.values(), key=lambda device: device.memory))


def _say_offloaded(memory: Memory) -> None:
    if memory.offloaded:
        print(f"CPU memory for what is offloaded, all workers: {memory.offloaded / GIB:.0f} GiB")


def _part(memory: Memory, part: str) -> str:
    return f"{part.replace('_', ' ')} {getattr(memory, part) / GIB:.1f}"


def _line(shape: Shape, config: Config, device: Device) -> str:
    if works(shape, config, device):
        return "yes"
    reasons = [rule.id for rule in broken_rules(config, device)] or ["memory"]
    change = nearest(shape, config, device)
    return f"no ({', '.join(reasons)}); " + (_settings(shape, change) or "nothing near it does")


def _settings(shape: Shape, change: Change | None) -> str:
    if change is None:
        return ""
    offloaded = estimate(shape, change.config).offloaded / GIB
    return f"add {change}" + (f" ({offloaded:.0f} GiB of CPU memory)" if offloaded else "")


def _failure(shape: Shape, config: Config, device: Device) -> Failed:
    broken = broken_rules(config, device)
    peak = estimate(shape, config).peak / GIB
    why = f"it needs {peak:.1f} GiB of {device.usable / GIB:.1f}"
    if broken:
        why = "; ".join(rule.sentence for rule in broken)
    problem = f"it does not work on {_devices(config, device)} ({why})"
    change = nearest(shape, config, device)
    if change is not None:
        return Failed(problem, _settings(shape, change))
    larger = [other for other in GPUS.values() if works(shape, config, other)]
    names = ", ".join(other.name for other in larger)
    return Failed(problem, f"take {names}" if names else "take a smaller base, or more GPUs")


def _devices(config: Config, device: Device) -> str:
    return f"{config.scaling.workers} x {device.name}" if device.is_gpu else device.name

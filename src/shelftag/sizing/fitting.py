"""Whether a plan's model fits its machines: training as `doctor` says, tagging one copy a GPU."""

from shelftag.config import Config
from shelftag.errors import Failed
from shelftag.sizing.gpus import GIB, GPUS, Device
from shelftag.sizing.memory import estimate
from shelftag.sizing.nearest import nearest, works
from shelftag.sizing.plan_parts import Machines
from shelftag.sizing.shapes import Shape


def fitting(shape: Shape, config: Config, machines: Machines) -> tuple[Config, str]:
    """A config that works on the machines, and the settings that were changed for it ("" if none).

    A machine without a GPU is not looked at: `doctor` knows the memory of this one only.

    Raises:
        Failed: nothing near it works; with the way out.
    """
    config = _placed(config, use_gpu=machines.rented.is_gpu)
    if not machines.rented.is_gpu:
        return config, ""
    device = GPUS[machines.rented.name]
    _check_tagging(shape, config, device)
    if config.scaling.workers <= machines.count and works(shape, config, device):
        return config, ""
    change = nearest(shape, config, device)
    if change is None or change.config.scaling.workers > machines.count:
        problem = f"training does not fit on {machines.count} x {device.name}"
        needed = "" if change is None else f", or --count {change.config.scaling.workers}"
        raise Failed(problem, f"name another --gpu (shelftag doctor says which){needed}")
    return change.config, str(change)


def _placed(config: Config, *, use_gpu: bool) -> Config:
    scaling = config.scaling.model_copy(update={"use_gpu": use_gpu})
    return config.model_copy(update={"scaling": scaling})


def _check_tagging(shape: Shape, config: Config, device: Device) -> None:
    """The bulk job loads a whole copy on each GPU, however training shared it."""
    alone = config.scaling.model_copy(
        update={"strategy": "ddp", "workers": 1, "offload": False, "min_workers": None}
    )
    needed = estimate(shape, config.model_copy(update={"scaling": alone})).load_peak
    if needed <= device.usable:
        return
    larger = [name for name, other in GPUS.items() if needed <= other.usable]
    problem = (
        f"tagging needs a whole copy on each GPU, {needed / GIB:.0f} GiB, and {device.name} has "
        f"{device.usable / GIB:.0f}"
    )
    raise Failed(problem, f"take --gpu {', '.join(larger)}" if larger else "take a smaller base")

"""The devices a config can be checked against."""

import os
from dataclasses import dataclass

from shelftag.errors import ConfigError

GIB = 2**30
RESERVED = 1.0 * GIB
"""Bytes kept free for the CUDA context, library workspaces and fragmentation; an assumption."""

CPU_FACTOR = 2.2
"""What a process on a CPU grew by, over what its tensors take; measured once, on Linux."""


@dataclass(frozen=True)
class Device:
    """A GPU, or the memory of this machine."""

    name: str
    memory: float
    """Bytes."""
    capability: tuple[int, int] | None
    """CUDA compute capability; None is a CPU."""

    @property
    def is_gpu(self) -> bool:
        return self.capability is not None

    @property
    def has_bf16(self) -> bool:
        """CUDA has bfloat16 arithmetic since compute capability 8.0."""
        return self.capability is None or self.capability >= (8, 0)

    @property
    def usable(self) -> float:
        """Bytes a training worker may fill."""
        return (self.memory if self.is_gpu else self.memory / CPU_FACTOR) - RESERVED


# Memory as nvidia-smi shows it (MiB), not the data sheet's round figure. Capabilities:
# https://developer.nvidia.com/cuda-gpus
GPUS = {
    name: Device(name, mib * 2**20, capability)
    for name, mib, capability in (
        ("t4", 15_360, (7, 5)),
        ("l4", 23_034, (8, 9)),
        ("a10g", 23_028, (8, 6)),
        ("a100-40", 40_960, (8, 0)),
        ("a100-80", 81_920, (8, 0)),
        ("h100", 81_559, (9, 0)),
        ("h200", 143_771, (9, 0)),
    )
}


def gpu_named(name: str) -> Device:
    """A GPU of the table.

    Raises:
        ConfigError: it is not there.
    """
    if name not in GPUS:
        raise ConfigError(f"--gpu {name} is not known", f"name one of {', '.join(GPUS)}")
    return GPUS[name]


def this_machine() -> Device:
    """The memory of the machine this runs on, as a device without CUDA."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Device("this machine", float(pages), None)

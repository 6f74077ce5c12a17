"""What is rented for a plan: the speed and the price of one GPU with its part of the machine.

Peaks are NVIDIA's, dense, 16 bit in and float32 summed; memory and links as in the data sheets, in
one direction (https://www.nvidia.com/en-us/data-center/ and /products/a10-gpu/; A100, H100, H200
also in https://github.com/stas00/ml-engineering/blob/master/compute/accelerator/README.md).

Prices are AWS's on demand in us-east-1, as recorded in
https://github.com/skypilot-org/skypilot-catalog/blob/001367d22a0033fac286a8c71aeac7109e431bcb/catalogs/v7/aws/vms.csv
(read 2026-11-29), the H200's a Capacity Block's (https://aws.amazon.com/ec2/capacityblocks/pricing/,
rates to 2025-01-01). AWS cut P4 and P5 by up to 45% in June 2025, so those are upper ends; spot
prices there were a third of these. `--price` gives another.
"""

from dataclasses import dataclass

from shelftag.errors import ConfigError
from shelftag.sizing.constants import MFU, MFU_70_WATTS, MFU_CPU, Constant
from shelftag.sizing.ranges import Range


@dataclass(frozen=True)
class Rented:
    """One GPU and its part of a machine, or one core."""

    name: str
    peak: float
    """FLOP/s."""
    mfu: Constant
    """Share of the peak that is reached."""
    memory: float
    """Bytes/s of the GPU's memory."""
    link: float
    """Bytes/s to the other GPUs of its machine, one way."""
    network: Range
    """Bytes/s to the object store: base, between, burst."""
    cores: int
    """CPU cores (vCPUs) beside it."""
    price: float
    """Dollars an hour."""
    instance: str

    @property
    def is_gpu(self) -> bool:
        return self.name != "cpu"


# Networks: https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html. A P4 or P5 has far more
# than what one process reads; 10 Gbit/s stands for that, an assumption.
_SMALL = Range(0.31e9, 0.6e9, 1.25e9)
_LARGE = Range(0.6e9, 1.25e9, 3e9)

RENTED = {
    rented.name: rented
    for rented in (
        # A core: float32 products measured here, one thread (127 to 165 GFLOP/s, Xeon with AMX);
        # m7a.xlarge, spot in us-east-1 ($0.074 to 0.106 for four, $0.232 on demand).
        Rented(
            *("cpu", 150e9, MFU_CPU, 10e9, 1e9, Range(0.03e9, 0.1e9, 0.3e9), 1, 0.022),
            "m7a.xlarge / 4, spot",
        ),
        Rented("t4", 65e12, MFU_70_WATTS, 320e9, 16e9, _SMALL, 4, 0.526, "g4dn.xlarge"),
        Rented("l4", 121e12, MFU_70_WATTS, 300e9, 32e9, _SMALL, 4, 0.8048, "g6.xlarge"),
        Rented("a10g", 70e12, MFU, 600e9, 32e9, _SMALL, 4, 1.006, "g5.xlarge"),
        Rented("a100-40", 312e12, MFU, 1555e9, 300e9, _LARGE, 12, 4.097, "p4d.24xlarge / 8"),
        Rented("a100-80", 312e12, MFU, 2039e9, 300e9, _LARGE, 12, 5.121, "p4de.24xlarge / 8"),
        Rented("h100", 989e12, MFU, 3350e9, 450e9, _LARGE, 24, 12.29, "p5.48xlarge / 8"),
        Rented("h200", 989e12, MFU, 4800e9, 450e9, _LARGE, 24, 5.408, "p5e.48xlarge / 8, block"),
    )
}


def rented_named(name: str) -> Rented:
    """A device of the table.

    Raises:
        ConfigError: it is not there.
    """
    if name not in RENTED:
        raise ConfigError(f"--gpu {name} is not known", f"name one of {', '.join(RENTED)}")
    return RENTED[name]

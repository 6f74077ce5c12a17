"""Where the work runs: the only section that differs between a laptop and a cluster."""

from typing import Literal

from pydantic import Field, model_validator

from shelftag.config.section import Section


class ScalingConfig(Section):
    """Ray's part."""

    address: str | None = None
    """A running Ray cluster ("auto", "host:6379", "ray://host:10001"); none starts one here."""

    workers: int = Field(default=1, ge=1)
    """Training workers."""

    min_workers: int | None = Field(default=None, ge=1)
    """Workers to go on with when machines leave (ddp only): the run is elastic between this and
    `workers`, and keeps its global batch. None waits for all of them."""

    resize_check_s: float = Field(default=60, ge=0)
    """Seconds between looks for machines that came back, for an elastic run to grow onto."""

    strategy: Literal["ddp", "zero2", "zero3", "fsdp"] = "ddp"
    """How workers share the model: a copy each, or sharded (DeepSpeed ZeRO-2, ZeRO-3; FSDP)."""

    offload: bool = False
    """Keep sharded parameters and optimizer state in CPU memory (zero2, zero3, fsdp)."""

    use_gpu: bool = False
    """One GPU for each training worker and tagging actor."""

    cpus_per_worker: float = Field(default=1, gt=0)
    """CPU cores Ray reserves for a training worker or tagging actor."""

    threads_per_worker: int = Field(default=2, ge=1)
    """Threads torch uses in a worker; workers times threads should not pass the cores."""

    max_failures: int = Field(default=3, ge=-1)
    """Worker deaths a training run survives; -1 is without limit."""

    tagging_actors: int | None = Field(default=None, ge=1)
    """Actors that score the names of a bulk job. None takes one; of a small model on a CPU as many
    as `threads_per_worker`, with a thread each."""

    object_store_gb: float = Field(default=1.0, gt=0.08)
    """Gigabytes of shared memory of a Ray started here."""

    @model_validator(mode="after")
    def _strategy_fits(self) -> "ScalingConfig":
        if self.offload and self.strategy == "ddp":
            raise ValueError("offload needs a sharding strategy: zero2, zero3 or fsdp")
        if self.min_workers is None:
            return self
        if self.strategy != "ddp":
            raise ValueError(f"min_workers needs strategy ddp: {self.strategy} cannot be resized")
        if self.workers % self.min_workers:
            raise ValueError("min_workers must divide workers, to keep the global batch")
        return self

"""Where the work runs: the only section that differs between a laptop and a cluster."""

from pydantic import Field

from shelftag.config.section import Section


class ScalingConfig(Section):
    """Ray's part."""

    address: str | None = None
    """A running Ray cluster ("auto", "host:6379", "ray://host:10001"); none starts one here."""

    num_workers: int = Field(default=1, ge=1)
    """Training workers."""

    use_gpu: bool = False
    """One GPU for each training worker and tagging actor."""

    cpus_per_worker: float = Field(default=1, gt=0)
    """CPU cores Ray reserves for a training worker or tagging actor."""

    threads_per_worker: int = Field(default=2, ge=1)
    """Threads torch uses in a worker; workers times threads should not pass the cores."""

    max_failures: int = Field(default=3, ge=-1)
    """Worker deaths a training run survives; -1 is without limit."""

    tagging_actors: int = Field(default=1, ge=1)
    """Actors a bulk tagging job may use."""

    object_store_gb: float = Field(default=1.0, gt=0.08)
    """Gigabytes of shared memory of a Ray started here."""

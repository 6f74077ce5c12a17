"""The HTTP endpoint."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from shelftag.config.section import Section

PATHS = ("models_root", "keys_file", "jobs_input", "jobs_output")
"""Settings that name a place."""


class ServeConfig(Section):
    """Ray Serve's part."""

    host: str = "127.0.0.1"
    """Address to listen on; any other than loopback needs API keys."""

    port: int = Field(default=8000, ge=1, le=65_535)
    """Port to listen on."""

    ingress: Literal["python", "haproxy"] = "python"
    """What listens: Ray Serve's own proxy, or HAProxy, which is faster; the ports of its statistics
    and metrics (8404, 9101) then listen on all interfaces."""

    replicas: int = Field(default=1, ge=1)
    """Copies of the Tagger."""

    cpus_per_replica: float = Field(default=1, gt=0)
    """CPU cores Ray reserves for a copy."""

    gpus_per_replica: float = Field(default=1, gt=0)
    """GPUs of a copy, where `scaling.use_gpu` is set; a base larger than one is placed over all
    (not run on a GPU)."""

    max_surge_percent: int = Field(default=100, ge=0, le=100)
    """Copies started beside the old ones at a redeploy, in percent of `replicas`; they need free
    cores. 0 stops an old copy before its successor is there."""

    models_root: Path | None = None
    """Folder of Runs that requests may name as `model`; none: the deployed Run only."""

    max_models: int = Field(default=3, ge=1)
    """Runs of `models_root` that a copy holds at a time, beside the deployed one."""

    max_batch_size: int = Field(default=256, ge=1)
    """Names scored together."""

    batch_wait_s: float = Field(default=0.002, ge=0)
    """Seconds a batch waits for more requests, where the one before it had several."""

    max_ongoing_requests: int = Field(default=512, ge=1)
    """Requests a copy works on at a time, waiting ones too."""

    max_queued_requests: int = Field(default=1_000, ge=1)
    """Requests that wait beside those; one more is told to come back (503)."""

    max_queued_names: int = Field(default=20_000, ge=1)
    """Names that wait in a copy; a request that would add to more is told to come back (503)."""

    max_queued_characters: int = Field(default=10_000_000, ge=1)
    """Characters of these names and their descriptions; more are told the same."""

    retry_after_s: int = Field(default=1, ge=1)
    """Seconds after which such a client is asked to come back."""

    timeout_s: float = Field(default=30, gt=0)
    """Seconds a request may take before it is answered with 504."""

    drain_s: float = Field(default=600, ge=0)
    """Seconds a copy that is to leave may go on with what it has begun. Requests are done within
    `timeout_s`; a catalog takes the time it takes, and is cut when this is over."""

    max_products: int = Field(default=1_000, ge=1)
    """Products in one request."""

    max_body_mb: float = Field(default=8, gt=0)
    """Megabytes of one request's body."""

    max_upload_mb: float = Field(default=1_000, gt=0)
    """Megabytes of a catalog sent to /v1/catalog."""

    keys_file: Path | None = None
    """File with the hashes of API keys, a line each (`shelftag keys new`); the environment variable
    SHELFTAG_API_KEYS holds such lines too."""

    requests_per_s: float = Field(default=100, gt=0)
    """Requests a second of one API key, over all copies together (approximately)."""

    cors_origins: tuple[str, ...] = ()
    """Web pages of other origins that may call, such as https://shop.example; none by default."""

    jobs_input: Path | None = None
    """Folder that bulk jobs may read from; without it, and `jobs_output`, there are no jobs."""

    jobs_output: Path | None = None
    """Folder that bulk jobs may write to."""

    max_jobs: int = Field(default=4, ge=1)
    """Bulk jobs that run or wait at a time, each a process on Ray's head; one more is told to come
    back (503)."""

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """As browsers send them: with a path or a closing slash, none would ever be equal."""
        for origin in origins:
            if origin != "*" and re.fullmatch(r"https?://[^/\s,*]+", origin) is None:
                raise ValueError(f"{origin!r} is no origin such as https://shop.example")
        return origins

    @field_validator(*PATHS)
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        """Copies of the tagger work in another folder."""
        return path and path.absolute()

"""Shared fixtures. Ray is started once a session; whatever needs it asks for `ray_here`."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from cluster.local import ray_session
from shelftag.config.scaling import ScalingConfig


@pytest.fixture(scope="session")
def ray_here() -> Iterator[None]:
    """One local Ray for all tests that need one."""
    with ray_session(ScalingConfig(object_store_gb=0.5)):
        yield

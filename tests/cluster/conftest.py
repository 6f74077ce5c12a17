"""A Ray head for all tests that submit to one."""

from collections.abc import Iterator

import pytest

from tests.cluster.head import Head, head


@pytest.fixture(scope="session")
def ray_head() -> Iterator[Head]:
    """With a dashboard, under token auth."""
    with head() as started:
        yield started

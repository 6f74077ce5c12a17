"""What the tests of a bulk job share."""

import pytest

from shelftag.artifacts import Run
from shelftag.tagging.tagger import Tagger
from tests import tiny


@pytest.fixture(scope="session")
def tagger(tiny_run: Run) -> Tagger:
    """Of the tiny Run; it remembers nothing."""
    tagging = tiny.CONFIG.tagging.model_copy(update={"cache_size": 0})
    return Tagger.load(tiny_run, tagging)

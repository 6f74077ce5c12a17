"""A tagger trained on made data at the demo's size, with the default settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cluster.local import ray_session
from pipelines import prepare, synthesize, train
from pipelines.demo import SIZES
from shelftag.artifacts import Dataset, Run
from shelftag.catalog.text import text
from shelftag.config import Config, load_config
from shelftag.config.tagging import TaggingConfig
from shelftag.evaluation.rows import read_rows
from shelftag.tagging.tagger import Tagger


@dataclass(frozen=True)
class Trained:
    """The tagger, and its Dataset's test products."""

    tagger: Tagger
    names: list[str]
    departments: list[str]
    """Where they are filed."""

    def probabilities(self, names: Sequence[str]) -> NDArray[np.float32]:
        return self.tagger.probabilities([text(name) for name in names])

    def tags(self, names: Sequence[str]) -> list[str]:
        labels = self.tagger.departments.names
        return [labels[place] for place in self.probabilities(names).argmax(axis=1)]

    @cached_property
    def own_tags(self) -> list[str]:
        return self.tags(self.names)

    def kept(self, change: Callable[[str], str]) -> float:
        """Share of the test products whose department stays when their names change so."""
        changed = self.tags([change(name) for name in self.names])
        return float(np.mean([a == b for a, b in zip(changed, self.own_tags, strict=True)]))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Made tables, their Dataset, a Run of it: two minutes on two cores."""
    folder = tmp_path_factory.mktemp("behaviour")
    sizes = [f"synthesis.{name}={size}" for name, size in SIZES.items()]
    config = load_config(overrides=[*sizes, f"train.output_dir={folder / 'run'}"])
    _make(folder, config)
    run, test = Run(folder / "run"), read_rows(Dataset(folder / "dataset"), "test", seed=0).table
    tagger = Tagger.load(run, TaggingConfig())
    return Trained(tagger, test["name"].to_pylist(), test["department"].to_pylist())


def _make(folder: Path, config: Config) -> None:
    tables, dataset = folder / "tables", folder / "dataset"
    with ray_session(config.scaling):
        synthesize.main(out=tables, catalog=None, overwrite=False, config=config)
        prepare.main(tables=str(tables), out=dataset, overwrite=False, config=config)
        train.main(dataset=dataset, overwrite=False, config=config)

"""Sharded training from the command's function to a Run: DeepSpeed and FSDP inside Ray Train."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.train import train
from shelftag.artifacts import Dataset, Run
from shelftag.config.tagging import TaggingConfig
from shelftag.tagging.tagger import Tagger
from tests import tiny

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.usefixtures("ray_here")]

WAYS = {
    "zero2": ("scaling.strategy=zero2",),
    "zero3": ("scaling.strategy=zero3",),
    # DeepSpeed saves adapters in bfloat16 then
    "zero3 bf16": ("scaling.strategy=zero3", "train.bf16=true"),
    "fsdp": ("scaling.strategy=fsdp", "model.quantization=none"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_sharded_run_becomes_a_tagger(way: str, tiny_dataset: Dataset, tmp_path: Path) -> None:
    steps = ("train.max_steps=60", "train.save_steps=30", "scaling.workers=2")
    config = tiny.config(*steps, "train.linear=false", *WAYS[way])
    run = Run(tmp_path / "run")
    manifest = train(tiny_dataset, run, config)
    assert manifest.training["steps"] == 60
    assert len(manifest.training["feed"]["rows_by_rank"]) == 2
    _, examples = tiny.learned(tiny_dataset)
    chosen = Tagger.load(run, TaggingConfig()).probabilities(examples.texts).argmax(axis=1)
    assert np.mean(chosen == examples.labels) > 0.9

"""Strategies: what is refused, and what transformers gets."""

from pathlib import Path

import pytest

from shelftag.errors import ConfigError
from shelftag.training.arguments import training_arguments
from shelftag.training.strategies import accumulation, check_strategy, strategy_arguments
from tests import tiny


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["scaling.strategy=fsdp"], "4-bit weights on GPUs only: set model.quantization=none"),
        (["scaling.workers=4", "scaling.min_workers=2"], "the 4 batches .* by 3 workers"),
    ],
    ids=["fsdp", "uneven"],
)
def test_what_cannot_work_is_refused(overrides: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_strategy(tiny.config(*overrides))


@pytest.mark.parametrize(
    "overrides",
    [
        ["scaling.strategy=fsdp", "model.quantization=none"],
        ["scaling.strategy=zero3", "scaling.workers=2"],
        ["scaling.workers=2", "scaling.min_workers=1"],
        ["scaling.workers=4", "scaling.min_workers=2", "train.gradient_accumulation_steps=3"],
    ],
)
def test_what_works_is_not(overrides: list[str]) -> None:
    check_strategy(tiny.config(*overrides))


def test_the_global_batch_is_kept_by_fewer_workers(tmp_path: Path) -> None:
    config = tiny.config("scaling.workers=4", "train.gradient_accumulation_steps=3")
    assert [accumulation(config, workers) for workers in (1, 2, 3, 4)] == [12, 6, 4, 3]
    arguments = training_arguments(config, tmp_path, 10, workers=2)
    assert arguments.gradient_accumulation_steps == 6
    with pytest.raises(ConfigError, match="12 batches, and 5 workers"):
        accumulation(config, 5)


@pytest.mark.parametrize(("strategy", "stage"), [("zero2", 2), ("zero3", 3)])
def test_offload_goes_where_a_stage_shards(strategy: str, stage: int) -> None:
    config = tiny.config(
        f"scaling.strategy={strategy}", "scaling.offload=true", "scaling.use_gpu=true"
    )
    zero = strategy_arguments(config.scaling)["deepspeed"]["zero_optimization"]
    assert zero["stage"] == stage
    assert zero["offload_optimizer"] == {"device": "cpu", "pin_memory": True}
    assert ("offload_param" in zero) == (stage == 3)

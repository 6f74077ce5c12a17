"""What is proposed works, keeps the global batch, and changes little."""

import pytest

from shelftag.config import Config, parse_config
from shelftag.sizing.gpus import GPUS, this_machine
from shelftag.sizing.nearest import nearest, works
from shelftag.sizing.shapes import shape_of
from tests.presets import preset

LARGE = ("train.per_device_train_batch_size=512", "model.max_length=512")


def global_batch(config: Config) -> int:
    train = config.train
    one = train.per_device_train_batch_size * train.gradient_accumulation_steps
    return one * config.scaling.workers


@pytest.mark.parametrize("gpu", GPUS)
@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("llama2_7b_t4", LARGE),
        ("llama3_8b_24gb", ()),
        ("llama3_8b_24gb", ("model.quantization=none",)),
        ("llama2_70b_zero3", ()),
        ("llama2_70b_zero3", ("scaling.workers=1",)),
        ("llama2_70b_lora_zero3_offload", LARGE),
        ("smollm2_360m", ("scaling.use_gpu=true", *LARGE)),
    ],
    ids=str,
)
def test_what_is_proposed_works(name: str, overrides: tuple[str, ...], gpu: str) -> None:
    config, device = preset(name, *overrides), GPUS[gpu]
    shape = shape_of(config.model)
    change = nearest(shape, config, device)
    if change is None:
        pytest.skip("nothing near it does")
    typed = preset(name, *overrides, *str(change).split())  # as a person would give it
    assert typed == change.config == parse_config(change.config.model_dump(mode="json"))
    assert works(shape, typed, device)
    assert global_batch(typed) == global_batch(config)


def test_a_config_that_works_is_left_alone() -> None:
    config = preset("llama2_7b_t4")
    change = nearest(shape_of(config.model), config, GPUS["t4"])
    assert change is not None
    assert change.settings == {}


@pytest.mark.parametrize(
    ("name", "overrides", "gpu", "expected"),
    [
        ("llama3_8b_24gb", (), "t4", "train.fp16=true train.bf16=false"),
        ("llama2_7b_t4", ("model.quantization=none",), "t4", "model.quantization=nf4"),
        (
            "llama2_7b_t4",
            ("train.per_device_train_batch_size=256",),
            "t4",
            "train.per_device_train_batch_size=128 train.gradient_accumulation_steps=2",
        ),
        (
            "llama2_7b_t4",
            ("train.per_device_train_batch_size=64", "train.gradient_checkpointing=false"),
            "t4",
            "train.per_device_train_batch_size=8 train.gradient_accumulation_steps=8",
        ),
    ],
)
def test_the_least_change(name: str, overrides: tuple[str, ...], gpu: str, expected: str) -> None:
    config = preset(name, *overrides)
    assert str(nearest(shape_of(config.model), config, GPUS[gpu])) == expected


def test_what_cannot_be_mended() -> None:
    """A base of 70B on one machine without a GPU."""
    config = preset("llama2_70b_zero3", "scaling.use_gpu=false", "train.bf16=false")
    device = this_machine()
    small = type(device)("small", 8 * 2**30, None)
    assert nearest(shape_of(config.model), config, small) is None

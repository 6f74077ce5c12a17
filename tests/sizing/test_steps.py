"""The GPU's part of a plan, beside steps that others published: no GPU was used here.

Qwen's README (Apache-2.0) has seconds for 8 micro-steps of one input under LoRA, r 64, with
checkpointing and FlashAttention 2, on A100s of 80 GB: 16-bit weights, or 4 bits packed by GPTQ.
"""

import pytest

from shelftag.sizing.ranges import Range
from shelftag.sizing.rented import RENTED
from shelftag.sizing.shapes import Shape
from shelftag.sizing.steps import forward, training_step
from tests.presets import preset

MICRO_STEPS = 8
ROUNDING = 0.05
LENGTHS = (256, 512, 1024, 2048)
SHAPES = {
    "1.8B": Shape(151_936, 2048, 5504, 24, 16, 16, 128, 8192),
    "7B": Shape(151_936, 4096, 11_008, 32, 32, 32, 128, 8192),
    "14B": Shape(151_936, 5120, 13_696, 40, 40, 40, 128, 8192),
    "72B": Shape(151_936, 8192, 24_576, 80, 64, 64, 128, 8192),
}
PUBLISHED = {
    ("1.8B", "none", 1): (1.0, 1.0, 1.1, 1.7),
    ("1.8B", "nf4", 1): (1.4, 1.4, 1.4, 2.0),
    ("7B", "none", 1): (1.2, 1.5, 2.8, 5.2),
    ("7B", "nf4", 1): (3.0, 3.0, 3.5, 7.0),
    ("14B", "none", 1): (1.6, 2.4, 4.4, 8.4),
    ("14B", "nf4", 1): (5.3, 6.3, 8.2, 11.8),
    ("72B", "none", 4): (17.6, 20.5, 29.4, 45.7),
    ("72B", "nf4", 1): (27.4, 31.5, 41.4, 59.5),
}
"""Model, weights, GPUs (by ZeRO-3): seconds at each length."""


def expected(name: str, quantization: str, workers: int, tokens: int) -> Range:
    config = preset(
        "llama2_7b_t4",
        *("train.fp16=false", "train.bf16=true", f"model.quantization={quantization}"),
        f"scaling.strategy={'zero3' if workers > 1 else 'ddp'}",
        f"scaling.workers={workers}",
    )
    shape, tokens_range = SHAPES[name], Range(tokens, tokens, tokens)
    step = training_step(shape, config, RENTED["a100-80"], workers, tokens_range)
    return MICRO_STEPS * step.seconds


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}")
def test_published_steps_lie_in_the_range(case: tuple[str, str, int]) -> None:
    """And within a factor of two of the likely time. The smallest model's longest input is left
    out: its attention, which is not counted, weighs most."""
    for tokens, seconds in zip(LENGTHS, PUBLISHED[case], strict=True):
        if case[0] == "1.8B" and tokens == max(LENGTHS):
            continue
        found = expected(*case, tokens)
        assert found.low - ROUNDING <= seconds <= found.high + ROUNDING, (tokens, found)
        assert 0.5 < found.likely / seconds < 2, (tokens, found)


def test_small_batches_wait_for_the_weights_and_large_ones_for_the_arithmetic() -> None:
    """Llama 2 7B in 4 bits on a T4: 4 names a step, as the study had it, beside 512."""
    config, shape = preset("llama2_7b_t4"), SHAPES["7B"]
    few, many = (
        forward(shape, config, RENTED["t4"], tokens)
        for tokens in (Range(40, 40, 40), Range(5120, 5120, 5120))
    )
    assert few.weights.likely > 5 * few.arithmetic.likely
    assert many.arithmetic.likely > 5 * many.weights.likely
    assert few.weights == many.weights


def test_gathers_grow_with_a_slower_link_and_go_with_sharding() -> None:
    """ZeRO-3 of 70B: the link of an L4 (PCIe) beside that of an A100 (NVLink)."""
    config, tokens = preset("llama2_70b_zero3"), Range(40, 40, 40)
    steps = {
        name: training_step(SHAPES["72B"], config, RENTED[name], 8, tokens)
        for name in ("l4", "a100-80")
    }
    fast, slow = steps["a100-80"].gathers.likely, steps["l4"].gathers.likely
    assert slow / fast == pytest.approx(300 / 32)
    assert training_step(SHAPES["72B"], config, RENTED["l4"], 1, tokens).gathers.high == 0

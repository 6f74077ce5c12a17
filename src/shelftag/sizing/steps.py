"""What one forward pass, or one training step, takes on one GPU: four parts.

    arithmetic   2 FLOP a weight and token, for each pass (Kaplan et al. 2020,
                 https://arxiv.org/abs/2001.08361, without attention: names are short)
    weights      each pass reads every weight, and unpacks it if it is NF4: small batches wait here
    launches     Python starts kernels one after another; what the GPU's work does not hide of it
    gathers      ZeRO-3 and FSDP collect each layer's weights from the other GPUs, in each pass

Training under LoRA has two passes, forward and backward through frozen weights, and a third with
checkpointing, which computes again.
"""

from dataclasses import dataclass, replace

from shelftag.config import Config
from shelftag.sizing import constants
from shelftag.sizing.memory import shards_weights, trained_parameters
from shelftag.sizing.precision import FLOAT32, linear_bytes
from shelftag.sizing.ranges import ZERO, Range
from shelftag.sizing.rented import Rented
from shelftag.sizing.shapes import Shape

UNPACKED = 2
"""Bytes of a weight as it is multiplied with, on a GPU."""

TREE_TOKENS = 75
"""`generate`: tokens of the departments' names, 21 of two to three and the end of text each."""
PROMPT_LETTERS = 4
"""Letters of the prompt to a token; an assumption."""


@dataclass(frozen=True)
class Step:
    """Seconds of one pass or step on one GPU."""

    arithmetic: Range
    weights: Range
    launches: Range
    gathers: Range

    @property
    def seconds(self) -> Range:
        return self.arithmetic + self.weights + self.launches + self.gathers


def name_tokens(shape: Shape, config: Config) -> constants.Constant:
    """By the size of the vocabulary; nano's, of the names themselves, cuts as the large ones do."""
    small = shape.vocab_size < 40_000 and config.model.base != "nano"
    return constants.TOKENS_32K if small else constants.TOKENS_128K


def tokens_per_name(shape: Shape, config: Config) -> Range:
    """Of a model's input: the name, and for `generate` prompt and departments around it."""
    name = name_tokens(shape, config).value
    if config.train.objective == "classify":
        return name
    return name + len(config.model.prompt) / PROMPT_LETTERS + TREE_TOKENS


def forward(shape: Shape, config: Config, rented: Rented, tokens: Range) -> Step:
    """So many tokens, in one batch, through the whole model; GPUs share nothing."""
    return _passes(shape, config, rented, tokens, count=1)


def training_step(
    shape: Shape, config: Config, rented: Rented, workers: int, tokens: Range
) -> Step:
    """A batch of so many tokens on each worker, forward and backward."""
    count = 3 if config.train.gradient_checkpointing else 2
    step = _passes(shape, config, rented, tokens, count)
    return replace(step, gathers=_gathers(shape, config, rented, workers, count))


def _passes(shape: Shape, config: Config, rented: Rented, tokens: Range, count: int) -> Step:
    flops = 2.0 * _weights(shape, config) * tokens
    arithmetic = count * flops / (rented.peak * rented.mfu.value)
    weights = count * _traffic(shape, config) / rented.memory
    launches = ZERO
    if rented.is_gpu:
        launches = count * shape.layers * 1e-3 * constants.LAUNCH.value
    return Step(arithmetic, weights, launches.beyond(arithmetic + weights), ZERO)


def _weights(shape: Shape, config: Config) -> int:
    """Weights a token is multiplied with: the layers', and LoRA's beside them."""
    lora = sum(count for name, count in trained_parameters(shape, config) if "lora" in name)
    return shape.layers * shape.layer_linear + lora


def _traffic(shape: Shape, config: Config) -> Range:
    """Bytes of memory traffic for the weights in one pass."""
    weights = shape.layers * shape.layer_linear
    if config.model.quantization == "none":
        return Range(1, 1, 1.25) * (weights * UNPACKED)
    return constants.UNPACK.value * (weights * (linear_bytes(config) + 2 * UNPACKED))


def _gathers(shape: Shape, config: Config, rented: Rented, workers: int, count: int) -> Range:
    """What workers send each other in a step."""
    if workers == 1:
        return ZERO
    others = (workers - 1) / workers
    speed = rented.link * constants.LINK_SHARE.value
    if shards_weights(config):
        whole = shape.layers * shape.layer_linear * linear_bytes(config)
        return count * whole * others / speed
    trained = sum(count for _, count in trained_parameters(shape, config))
    return 2 * FLOAT32 * trained * others / speed  # a ring's all-reduce sends it twice

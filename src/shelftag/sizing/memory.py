"""What one worker's device holds in training, in bytes.

weights      the frozen base, sharded or not
adapter      what is trained, in float32: LoRA, the head, modules trained in full
gradients    of what is trained; DDP keeps a second copy in its buckets
optimizer    its states of what is trained; paged ones may move to CPU memory when it is full
activations  what a step keeps besides
load_peak    the most held before the first step
offloaded    what all workers together keep in CPU memory instead
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shelftag.config import Config
from shelftag.sizing.activations import activations
from shelftag.sizing.precision import (
    FLOAT32,
    linear_bytes,
    residual_bytes,
    storage_needed,
    weight_bytes,
)
from shelftag.sizing.shapes import Shape

HEAD_ROWS = 21 + 134
"""Rows of the head, departments and aisles; a few more or fewer are a few kilobytes."""

MAX_LIVE = 10**9
"""Parameters DeepSpeed keeps gathered at a time (`stage3_max_live_parameters`, its default)."""

# Bytes of state for a trained parameter. bitsandbytes' 8-bit ones have two of a byte each
# (Dettmers et al. 2021, https://arxiv.org/abs/2110.02861); Adafactor and SGD keep next to nothing.
OPTIMIZER_BYTES = {"8bit": 2, "adafactor": 0, "sgd": 0}
ADAM_BYTES = 8


@dataclass(frozen=True)
class Memory:
    """Bytes on one device."""

    weights: float
    adapter: float
    gradients: float
    optimizer: float
    activations: float
    load_peak: float
    offloaded: float = 0

    @property
    def held(self) -> float:
        """What is there all the time: counted, not estimated."""
        return self.weights + self.adapter + self.gradients + self.optimizer

    @property
    def peak(self) -> float:
        """The most at any time."""
        return max(self.load_peak, self.held + self.activations)


def estimate(shape: Shape, config: Config, head_rows: int = HEAD_ROWS) -> Memory:
    """Memory of each worker. Sharding and offloading on GPUs: not run on a GPU."""
    scaling = config.scaling
    trained = sum(count for _, count in trained_parameters(shape, config, head_rows))
    whole = _weights(shape, config, head_rows)
    shards = 1 if scaling.strategy == "ddp" else scaling.workers
    copies = 2 if scaling.strategy == "ddp" and scaling.workers > 1 else 1
    state = 0 if scaling.offload else trained * _state_bytes(config) / shards
    return Memory(
        weights=_held(shape, config, whole),
        adapter=FLOAT32 * trained,
        gradients=FLOAT32 * trained * copies / shards,
        optimizer=state,
        activations=activations(shape, config),
        load_peak=_load_peak(shape, config, whole, FLOAT32 * trained),
        offloaded=_offloaded(config, whole, trained),
    )


def fits(memory: Memory, usable: float) -> bool:
    """Whether a device with so many usable bytes can train."""
    return memory.peak <= usable


def trained_parameters(
    shape: Shape, config: Config, head_rows: int = HEAD_ROWS
) -> Iterator[tuple[str, int]]:
    """(name, count) of what has gradients: LoRA's, the head, `modules_to_save`."""
    for name, count in _trainable(shape, config, head_rows):
        if not any(part in name for part in config.train.freeze):
            yield name, count


def _trainable(shape: Shape, config: Config, head_rows: int) -> Iterator[tuple[str, int]]:
    lora = config.model.lora
    for name, (inner, outer) in shape.linears.items():
        if _targeted(name, lora.target_modules):
            yield f"{name}.lora_A", shape.layers * lora.r * inner
            yield f"{name}.lora_B", shape.layers * lora.r * outer
    if config.train.objective == "classify":
        yield "score", head_rows * shape.hidden_size
    saved = {
        "embed_tokens": shape.embedding,
        "lm_head": 0 if config.train.objective == "classify" else shape.embedding,
        "input_layernorm": shape.layers * shape.hidden_size,
        "post_attention_layernorm": shape.layers * shape.hidden_size,
        "norm": shape.hidden_size,
    }
    for name in lora.modules_to_save:
        yield name, saved.get(name, 0)


def _targeted(name: str, targets: str | tuple[str, ...]) -> bool:
    """As PEFT reads them: one string is a pattern over the whole name, several are ends of it."""
    if targets == "all-linear":
        return True
    if isinstance(targets, str):
        return re.fullmatch(targets, f"model.layers.0.{name}") is not None
    return any(name.endswith(target) for target in targets)


def _state_bytes(config: Config) -> int:
    for part, size in OPTIMIZER_BYTES.items():
        if part in config.train.optim:
            return size
    return ADAM_BYTES


def _weights(shape: Shape, config: Config, head_rows: int) -> float:
    """The whole base: linear modules, and the rest, the head's untrained copy in PEFT included."""
    head = head_rows if config.train.objective == "classify" else None
    linear = shape.layers * shape.layer_linear
    rest = shape.parameters(head) - linear
    return linear * linear_bytes(config) + rest * residual_bytes(config)


def shards_weights(config: Config) -> bool:
    """Whether a worker holds only its part of the base once training has begun."""
    if config.scaling.strategy not in ("zero3", "fsdp"):
        return False
    packed = config.model.quantization != "none"
    return not packed or config.model.quant_storage == storage_needed(config)


def _held(shape: Shape, config: Config, whole: float) -> float:
    """The base while training; sharded, what is gathered of it for the layers at work too."""
    if not shards_weights(config):
        return whole
    layers = 2 * shape.layer_linear  # the one at work, and the next
    gathered = min(MAX_LIVE, layers) * linear_bytes(config)
    part = 0 if config.scaling.offload else whole / config.scaling.workers
    return min(whole, part + gathered)


def _offloaded(config: Config, whole: float, trained: int) -> float:
    if not config.scaling.offload:
        return 0
    return trained * _state_bytes(config) + (whole if shards_weights(config) else 0)


def _load_peak(shape: Shape, config: Config, whole: float, adapter: float) -> float:
    """A base is loaded tensor by tensor, each in 16 bit first; then the adapter comes.

    ZeRO-3 shards it as it comes, unless it is NF4 (tried: `ds_shape` is None); FSDP shards later.
    """
    largest = max(shape.embedding, *(i * o for i, o in shape.linears.values()))
    if config.scaling.strategy == "zero3" and config.model.quantization == "none":
        return _held(shape, config, whole)
    return whole + max(largest * weight_bytes(config), adapter)

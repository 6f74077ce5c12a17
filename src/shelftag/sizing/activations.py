"""What a forward pass keeps for the backward pass, counted tensor by tensor.

The counts are those of transformers' Llama under PEFT's LoRA, as autograd's saved-tensor hooks
show them on a CPU (a test compares). With checkpointing a layer keeps its input only, and one
layer at a time is computed again (Chen et al. 2016, https://arxiv.org/abs/1604.06174).
"""

from shelftag.config import Config
from shelftag.sizing.precision import residual_bytes, weight_bytes
from shelftag.sizing.shapes import Shape

FLOAT32 = 4


def activations(shape: Shape, config: Config) -> float:
    """Peak bytes beside parameters, gradients and optimizer; every input `model.max_length` long.

    The backward pass adds the gradients of one layer's widest tensors, and for NF4 the largest
    linear module in the type it is computed in. Not run on a GPU.
    """
    tokens = config.train.per_device_train_batch_size * config.model.max_length
    layer = _layer(shape, config)
    kept = shape.layers * layer
    if config.train.gradient_checkpointing:
        kept = shape.layers * shape.hidden_size * residual_bytes(config) + layer
    return tokens * (kept + _ends(shape, config) + _backward(shape, config)) + _unpacked(
        shape, config
    )


def _layer(shape: Shape, config: Config) -> float:
    """Bytes one layer keeps for a token."""
    width, residual = weight_bytes(config), residual_bytes(config)
    hidden, wide, query, lora = (
        shape.hidden_size,
        shape.intermediate_size,
        shape.query,
        config.model.lora,
    )
    # Autocast makes a 16-bit copy of an input for each linear module; float32 shares one.
    inputs = (5 if width < residual else 2) * hidden * width
    norms = 4 * hidden * residual + 2 * FLOAT32
    attention = 4 * query * width + shape.heads * FLOAT32 + 4 * query * shape.qk_norm * width
    dropped = (5 * hidden + query + wide) * (width + 1) if lora.dropout else 0
    ranks = len(shape.linears) * lora.r * width
    return norms + inputs + attention + 4 * wide * width + ranks + dropped


def _ends(shape: Shape, config: Config) -> float:
    """Bytes outside the layers for a token: dropout, mask, last norm, and the logits."""
    width, residual = weight_bytes(config), residual_bytes(config)
    ends = 3.0 * shape.hidden_size * residual + config.model.max_length * width
    if config.train.embedding_dropout:
        ends += shape.hidden_size * residual
    if config.train.objective == "generate":  # logits, in float32, their softmax, its gradient
        ends += shape.vocab_size * (width + 3 * FLOAT32)
    return ends


def _backward(shape: Shape, config: Config) -> float:
    """Bytes of gradients of activations alive at a time for a token."""
    wide = 3 * shape.intermediate_size * weight_bytes(config)
    return wide + 2 * shape.hidden_size * residual_bytes(config)


def _unpacked(shape: Shape, config: Config) -> float:
    """Bytes of the one linear module that NF4 unpacks at a time."""
    if config.model.quantization == "none":
        return 0
    return max(i * o for i, o in shape.linears.values()) * weight_bytes(config)

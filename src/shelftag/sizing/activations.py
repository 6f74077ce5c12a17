"""What a forward pass keeps for the backward pass, counted tensor by tensor.

The counts are those of transformers' Llama under PEFT's LoRA, as autograd's saved-tensor hooks
show them on a CPU (a test compares). With checkpointing a layer keeps its input only, and one
layer at a time is computed again (Chen et al. 2016, https://arxiv.org/abs/1604.06174).
"""

from shelftag.config import Config
from shelftag.sizing.precision import FLOAT32, residual_bytes, weight_bytes
from shelftag.sizing.shapes import Shape


def activations(shape: Shape, config: Config) -> float:
    """Peak bytes beside parameters, gradients and optimizer; every input `model.max_length` long.

    The backward pass adds the gradients of one layer's widest tensors, and for NF4 the largest
    linear module in the type it is computed in. Not run on a GPU.
    """
    backward = _tokens(config) * _backward(shape, config)
    return kept_bytes(shape, config) + backward + _unpacked(shape, config)


def kept_bytes(shape: Shape, config: Config) -> float:
    """What the forward pass keeps."""
    layer = _layer(shape, config)
    kept = shape.layers * layer
    if config.train.gradient_checkpointing:
        kept = shape.layers * shape.hidden_size * residual_bytes(config) + layer
    return _tokens(config) * (kept + _ends(shape, config))


def _tokens(config: Config) -> int:
    """Of a batch on one device, if all its inputs are of full length."""
    return config.train.per_device_train_batch_size * config.model.max_length


def _layer(shape: Shape, config: Config) -> float:
    """Bytes one layer keeps for a token."""
    width, lora = weight_bytes(config), config.model.lora
    norms = 4 * shape.hidden_size * residual_bytes(config) + 2 * FLOAT32
    attention = 4 * shape.query * width + shape.heads * FLOAT32
    queries_and_keys = 4 * shape.query * width if shape.qk_norm else 0
    feed_forward = 3 * shape.intermediate_size * width
    ranks = len(shape.linears) * lora.r * width
    return norms + attention + queries_and_keys + feed_forward + ranks + _inputs(shape, config)


def _inputs(shape: Shape, config: Config) -> float:
    """Bytes of what LoRA's first matrices were given, for a token."""
    width, hidden, wide = weight_bytes(config), shape.hidden_size, shape.intermediate_size
    if config.model.lora.dropout:  # each module's own, with a mask: of bytes by CUDA, else floats
        mask = 1 if config.scaling.use_gpu else FLOAT32
        return (5 * hidden + shape.query + wide) * (width + mask)
    # Autocast makes a 16-bit copy of an input for each module; float32 shares one.
    copies = 5 if width < residual_bytes(config) else 2
    return (copies * hidden + wide) * width


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

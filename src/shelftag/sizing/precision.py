"""Bytes of a number, by what the config computes in."""

from shelftag.config import Config

# NF4 (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314): 4 bits a weight and one float32
# for 64 of them; with double quantization one byte for 64, and one float32 for 256 of those.
NF4_BYTES = 0.5 + 4 / 64
NF4_DOUBLE_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
FLOAT32 = 4


def weight_bytes(config: Config) -> int:
    """Of an unquantized weight as it is loaded: 16 bit on a GPU, if so set, else float32."""
    half = config.train.fp16 or config.train.bf16
    return 2 if half and config.scaling.use_gpu else FLOAT32


def linear_bytes(config: Config) -> float:
    """Of a weight in a layer's linear modules."""
    if config.model.quantization == "none":
        return weight_bytes(config)
    return NF4_DOUBLE_BYTES if config.model.double_quant else NF4_BYTES


def residual_bytes(config: Config) -> int:
    """Of the state between layers: PEFT casts what NF4 leaves to float32, norms included."""
    return weight_bytes(config) if config.model.quantization == "none" else FLOAT32


def storage_needed(config: Config) -> str:
    """The `model.quant_storage` with which NF4 weights can be sharded: the float type's name."""
    if not config.scaling.use_gpu:
        return "float32"
    return "float16" if config.train.fp16 else "bfloat16" if config.train.bf16 else "float32"

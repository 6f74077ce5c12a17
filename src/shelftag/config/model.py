"""The base model, its quantization and its adapter."""

from typing import Literal

from pydantic import Field, model_validator

from shelftag.config.section import Section

NANO_POSITIONS = 512
"""Tokens that nano can tell apart by position."""
PRODUCT = "{product}"
"""Where a product's text goes in a prompt."""

PROMPT = f"""\
Below is a product of a grocery catalog. Answer with the one department it belongs to.

### Product:
{PRODUCT}

### Department:
"""
"""An instruction in the manner of Alpaca's (https://github.com/tatsu-lab/stanford_alpaca)."""


class NanoConfig(Section):
    """The embedded base: a small Llama made and pretrained here, on the training names.

    A test bed and a default for machines without a GPU, not a pretrained language model.
    """

    vocab_size: int = Field(default=8_000, ge=300)
    """Tokens of its own byte-pair vocabulary."""

    hidden_size: int = Field(default=192, ge=32)
    """Width. Packed 4-bit kernels need a multiple of 32."""

    intermediate_size: int = Field(default=512, ge=32)
    """Width of the feed-forward layers, a multiple of 32."""

    layers: int = Field(default=2, ge=1)
    """Decoder layers."""

    heads: int = Field(default=6, ge=1)
    """Attention heads; they divide `hidden_size` into even parts."""

    pretrain_epochs: int = Field(default=0, ge=0)
    """Passes of pretraining over the training names; 0 leaves the base random, which scored
    better on validation (README, results)."""

    pretrain_learning_rate: float = Field(default=2e-3, gt=0)
    """Peak rate of that pretraining (AdamW, cosine)."""

    @model_validator(mode="after")
    def _shapes_fit(self) -> "NanoConfig":
        if self.hidden_size % 32 or self.intermediate_size % 32:
            raise ValueError("hidden_size and intermediate_size must be multiples of 32")
        if self.hidden_size % (2 * self.heads):
            raise ValueError("hidden_size must be a multiple of 2 * heads")
        return self


class LoraConfig(Section):
    """Low-rank adapters (Hu et al. 2021, https://arxiv.org/abs/2106.09685)."""

    r: int = Field(default=32, ge=1)
    """Rank."""

    alpha: int = Field(default=64, ge=1)
    """Scale: the update is multiplied by alpha / r."""

    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout on the adapter's input."""

    target_modules: str | tuple[str, ...] = "all-linear"
    """Layers that get an adapter."""

    modules_to_save: tuple[str, ...] = (
        "embed_tokens",
        "input_layernorm",
        "post_attention_layernorm",
        "norm",
    )
    """Modules trained in full and kept with the adapter, beside the head."""


class ModelConfig(Section):
    """What is fine-tuned."""

    base: str = "nano"
    """`nano`, a hub id, or a local folder that `from_pretrained` can load."""

    revision: str | None = None
    """Commit of a hub base; pin it, so that the base cannot change under an adapter."""

    quantization: Literal["nf4", "none"] = "nf4"
    """4-bit NormalFloat weights (QLoRA, https://arxiv.org/abs/2305.14314), or none."""

    double_quant: bool = True
    """Quantize the quantization constants too (0.4 bits a weight saved)."""

    quant_storage: Literal["float32", "float16", "bfloat16"] | None = None
    """Type that 4-bit weights are packed in; ZeRO-3 and FSDP shard them only in the float type
    computed in. None is a byte for two weights."""

    max_length: int = Field(default=64, ge=8)
    """Tokens of a model input, the department after a prompt included; longer products are cut."""

    prompt: str = PROMPT
    """What a product is put in for the objective `generate`; the department's name follows."""

    long_inputs: Literal["cut", "refuse"] = "cut"
    """What becomes of training texts over `max_length` tokens; they are counted either way."""

    nano: NanoConfig = NanoConfig()
    lora: LoraConfig = LoraConfig()

    @model_validator(mode="after")
    def _nano_has_positions(self) -> "ModelConfig":
        if self.base == "nano" and self.max_length > NANO_POSITIONS:
            raise ValueError(f"max_length of nano is at most {NANO_POSITIONS}")
        return self

    @model_validator(mode="after")
    def _storage_is_of_four_bits(self) -> "ModelConfig":
        if self.quant_storage and self.quantization == "none":
            raise ValueError("quant_storage is for quantization nf4")
        return self

    @model_validator(mode="after")
    def _one_product(self) -> "ModelConfig":
        if self.prompt.count(PRODUCT) != 1:
            raise ValueError(f"prompt must have {PRODUCT} in it, once")
        return self

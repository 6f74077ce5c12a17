"""The shape of a model, and its parameters counted from it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftag.config.model import NANO_POSITIONS, ModelConfig, NanoConfig
from shelftag.errors import ConfigError

KINDS = ("llama", "mistral", "qwen2", "qwen3")


@dataclass(frozen=True)
class Shape:
    """A decoder of Llama's kind: rotary positions, RMS norms, gated feed-forward layers."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    max_positions: int
    """Tokens the base can tell apart by position."""
    tied: bool = False
    """The token head is the embedding."""
    qk_norm: bool = False
    """Queries and keys are normalized (Qwen 3)."""
    qkv_bias: bool = False
    """Queries, keys and values have a bias (Qwen 2)."""

    @property
    def query(self) -> int:
        """Width of all queries."""
        return self.heads * self.head_dim

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """One layer's linear modules: (in, out)."""
        hidden, wide, keys = self.hidden_size, self.intermediate_size, self.kv_heads * self.head_dim
        return {
            "self_attn.q_proj": (hidden, self.query),
            "self_attn.k_proj": (hidden, keys),
            "self_attn.v_proj": (hidden, keys),
            "self_attn.o_proj": (self.query, hidden),
            "mlp.gate_proj": (hidden, wide),
            "mlp.up_proj": (hidden, wide),
            "mlp.down_proj": (wide, hidden),
        }

    @property
    def layer_linear(self) -> int:
        """Parameters of one layer's linear modules: what is quantized."""
        return sum(inner * outer for inner, outer in self.linears.values())

    @property
    def embedding(self) -> int:
        """Parameters of the token embedding, and of an untied token head."""
        return self.vocab_size * self.hidden_size

    @property
    def small(self) -> int:
        """Parameters of norms and biases."""
        layer = 2 * self.hidden_size + 2 * self.head_dim * self.qk_norm
        layer += (self.query + 2 * self.kv_heads * self.head_dim) * self.qkv_bias
        return self.layers * layer + self.hidden_size

    def parameters(self, head: int | None = None) -> int:
        """All of them: with a classification head of `head` rows, or the token head."""
        extra = 0 if self.tied else self.embedding
        extra = extra if head is None else head * self.hidden_size
        return self.layers * self.layer_linear + self.embedding + self.small + extra


# From each base's config.json; by the beginning of the hub name, for machines that have not
# downloaded it. The counts are tested against torch and against the published ones.
KNOWN = {
    "llama-2-7b": Shape(32_000, 4096, 11_008, 32, 32, 32, 128, 4096),
    "llama-2-13b": Shape(32_000, 5120, 13_824, 40, 40, 40, 128, 4096),
    "llama-2-70b": Shape(32_000, 8192, 28_672, 80, 64, 8, 128, 4096),
    "llama-65b": Shape(32_000, 8192, 22_016, 80, 64, 64, 128, 2048),
    "meta-llama-3-8b": Shape(128_256, 4096, 14_336, 32, 32, 8, 128, 8192),
    "meta-llama-3-70b": Shape(128_256, 8192, 28_672, 80, 64, 8, 128, 8192),
    "smollm2-360m": Shape(49_152, 960, 2560, 32, 15, 5, 64, 8192, tied=True),
    "qwen3-0.6b": Shape(151_936, 1024, 3072, 28, 16, 8, 128, 40_960, tied=True, qk_norm=True),
}


def shape_of(model: ModelConfig) -> Shape:
    """The shape of a config's base, without loading it.

    Raises:
        ConfigError: the base is not known here, or of another kind.
    """
    if model.base == "nano":
        return _nano_shape(model.nano)
    file = _config_file(model)
    if file is not None:
        return _read(file, model.base)
    name = model.base.rsplit("/", 1)[-1].lower()
    for beginning, shape in KNOWN.items():
        if name.startswith(beginning):
            return shape
    raise ConfigError(
        f"the shape of model.base = {model.base!r} is not known here",
        "name a folder with its config.json, or download it once",
    )


def _config_file(model: ModelConfig) -> Path | None:
    folder = Path(model.base)
    if folder.is_dir():
        return folder / "config.json"
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(model.base, "config.json", revision=model.revision)
    except HFValidationError:
        return None
    return Path(cached) if isinstance(cached, str) else None


def _read(file: Path, base: str) -> Shape:
    try:
        return _parse(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {str(error).strip()}"
        raise ConfigError(
            f"the shape of model.base = {base!r} cannot be read from {file} ({reason})",
            f"name a base of the kinds {', '.join(KINDS)}",
        ) from None


def _parse(tree: Mapping[str, Any]) -> Shape:
    kind = tree["model_type"]
    if kind not in KINDS:
        raise ValueError(f"model_type {kind}")
    heads, hidden = tree["num_attention_heads"], tree["hidden_size"]
    return Shape(
        vocab_size=tree["vocab_size"],
        hidden_size=hidden,
        intermediate_size=tree["intermediate_size"],
        layers=tree["num_hidden_layers"],
        heads=heads,
        kv_heads=tree.get("num_key_value_heads") or heads,
        head_dim=tree.get("head_dim") or hidden // heads,
        max_positions=tree["max_position_embeddings"],
        tied=tree.get("tie_word_embeddings", False),
        qk_norm=kind == "qwen3",
        qkv_bias=kind == "qwen2",
    )


def _nano_shape(nano: NanoConfig) -> Shape:
    return Shape(
        vocab_size=nano.vocab_size,
        hidden_size=nano.hidden_size,
        intermediate_size=nano.intermediate_size,
        layers=nano.layers,
        heads=nano.heads,
        kv_heads=nano.heads,
        head_dim=nano.hidden_size // nano.heads,
        max_positions=NANO_POSITIONS,
        tied=True,
    )

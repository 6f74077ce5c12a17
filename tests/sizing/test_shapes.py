"""Parameters are counted as torch counts them, and as the bases' authors do."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shelftag.config.model import ModelConfig
from shelftag.errors import ConfigError
from shelftag.sizing.shapes import KNOWN, Shape, shape_of
from tests import tiny

# As these bases' loaded parameters are counted in public; none was downloaded here.
PUBLISHED = {
    "NousResearch/Llama-2-7b-chat-hf": 6_738_415_616,
    "NousResearch/Llama-2-13b-hf": 13_015_864_320,
    "NousResearch/Llama-2-70b-chat-hf": 68_976_648_192,
    "huggyllama/llama-65b": 65_285_660_672,
    "NousResearch/Meta-Llama-3-8B-Instruct": 8_030_261_248,
    "NousResearch/Meta-Llama-3-70B": 70_553_706_496,
    "HuggingFaceTB/SmolLM2-360M-Instruct": 361_821_120,
    "Qwen/Qwen3-0.6B": 596_049_920,
}
SMALL = {"vocab_size": 320, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}


def config_of(kind: str, shape: Shape) -> Any:
    """The transformers config of a shape."""
    from transformers import AutoConfig

    return AutoConfig.for_model(
        kind,
        vocab_size=shape.vocab_size,
        hidden_size=shape.hidden_size,
        intermediate_size=shape.intermediate_size,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=shape.max_positions,
        tie_word_embeddings=shape.tied,
    )


def counted(config: Any, auto: str) -> int:
    """Parameters of a model that is never allocated."""
    import torch
    import transformers

    with torch.device("meta"):
        model = getattr(transformers, auto).from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", KNOWN)
def test_known_shapes_have_torch_s_count(name: str) -> None:
    shape = KNOWN[name]
    config = config_of("qwen3" if shape.qk_norm else "llama", shape)
    assert shape.parameters() == counted(config, "AutoModelForCausalLM")
    config.num_labels = 19
    assert shape.parameters(19) == counted(config, "AutoModelForSequenceClassification")


@pytest.mark.parametrize(("base", "parameters"), PUBLISHED.items())
def test_known_shapes_have_the_published_count(base: str, parameters: int) -> None:
    assert shape_of(ModelConfig(base=base)).parameters() == parameters


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("llama", {"num_attention_heads": 4}),
        ("llama", {"num_attention_heads": 4, "tie_word_embeddings": True, "head_dim": 8}),
        ("mistral", {"num_attention_heads": 4, "num_key_value_heads": 2}),
        ("qwen2", {"num_attention_heads": 4, "num_key_value_heads": 2}),
        ("qwen3", {"num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 32}),
    ],
)
def test_a_folder_s_config_is_read(tmp_path: Path, kind: str, more: dict[str, Any]) -> None:
    from transformers import AutoConfig

    config = AutoConfig.for_model(kind, **SMALL, **more)
    config.save_pretrained(tmp_path)
    shape = shape_of(ModelConfig(base=str(tmp_path)))
    assert shape.parameters() == counted(config, "AutoModelForCausalLM")


def test_nano_is_counted_as_it_is_made(tiny_base: Path) -> None:
    """But for its vocabulary, which may come out smaller than asked for."""
    made = shape_of(ModelConfig(base=str(tiny_base)))
    asked = shape_of(tiny.CONFIG.model)
    assert made.vocab_size <= asked.vocab_size
    assert replace(made, vocab_size=asked.vocab_size) == asked


@pytest.mark.parametrize("text", [json.dumps({"model_type": "gpt2"}), "{}", "[]", "no"])
def test_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ConfigError, match=r"the shape of model\.base .* llama, mistral"):
        shape_of(ModelConfig(base=str(tmp_path)))


def test_an_unknown_base_is_refused() -> None:
    with pytest.raises(ConfigError, match="'nobody/nothing' is not known here"):
        shape_of(ModelConfig(base="nobody/nothing"))

"""The small open bases' presets, on made folders of their architecture and kind of tokenizer."""

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from shelftag.artifacts import Dataset
from shelftag.model.base import check_base
from shelftag.training.fit import fit
from tests import tiny
from tests.presets import preset

SMALL = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "head_dim": 32}


def byte_level_tokenizer(texts: list[str], bos: str, eos: str, pad: str) -> Any:
    """Byte pairs over bytes, as GPT-2's, and no token put around a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = list(dict.fromkeys((bos, eos, pad)))
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token=bos, eos_token=eos, pad_token=pad
    )


def made_base(kind: str, tokenizer: Any, folder: Path, **more: Any) -> str:
    """A random model of an architecture, saved as the hub has it: with a token head, in bf16."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        kind,
        vocab_size=len(tokenizer),
        max_position_embeddings=512,
        tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id,
        **SMALL,
        **more,
    )
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


# SmolLM2 pads with its end of text; Qwen3 has a token of its own, and none for the beginning.
SMOL = ("<|im_start|>", "<|im_end|>", "<|im_end|>")
QWEN = ("<|endoftext|>", "<|im_end|>", "<|endoftext|>")


@pytest.mark.parametrize(
    ("name", "kind", "special", "heads"),
    [("smollm2_360m", "llama", SMOL, (4, 2)), ("qwen3_0_6b", "qwen3", QWEN, (2, 1))],
)
@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_two_steps(
    tiny_dataset: Dataset,
    tmp_path: Path,
    name: str,
    kind: str,
    special: tuple[str, str, str],
    heads: tuple[int, int],
    quantization: str,
) -> None:
    departments, examples = tiny.learned(tiny_dataset)
    tokenizer = byte_level_tokenizer(examples.texts, *special)
    counts = {"num_attention_heads": heads[0], "num_key_value_heads": heads[1]}
    base = made_base(kind, tokenizer, tmp_path / "base", **counts)
    config = preset(name, "train.max_steps=2", f"model.quantization={quantization}")
    check_base(base, config.model, config.train)
    fit(config, base, departments, examples, tmp_path / "scratch")
    adapter = load_file(tmp_path / "scratch" / "checkpoint-2" / "adapter_model.safetensors")
    assert len([key for key in adapter if "lora_B" in key]) == 2 * 7
    assert all(value.abs().max() > 0 for key, value in adapter.items() if "lora_B" in key)

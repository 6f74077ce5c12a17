"""The adapter: LoRA on the linear layers, and what is trained in full beside it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shelftag.artifacts import read_json, write_text
from shelftag.catalog.departments import Departments
from shelftag.config.model import LoraConfig
from shelftag.errors import ArtifactError
from shelftag.model.base import InferenceForm, ObjectiveName, load_base

MADE_BASE = "../base"


def add_adapter(base: Any, lora: LoraConfig, objective: ObjectiveName = "classify") -> Any:
    """Wrap a base for training. PEFT adds the head (`score`) to what is saved by itself.

    Where a generating base's head is its embeddings, it stays so: trained, saved and merged once.
    """
    from peft import LoraConfig as PeftLoraConfig
    from peft import TaskType, get_peft_model

    generates = objective == "generate"
    tied = base.config.tie_word_embeddings and "embed_tokens" in lora.modules_to_save

    targets = lora.target_modules
    return get_peft_model(
        base,
        PeftLoraConfig(
            task_type=TaskType.CAUSAL_LM if generates else TaskType.SEQ_CLS,
            r=lora.r,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=targets if isinstance(targets, str) else list(targets),
            modules_to_save=list(lora.modules_to_save) or None,
            ensure_weight_tying=generates and tied,
        ),
    )


def name_base(adapter_dir: Path, base: str, revision: str | None = None) -> None:
    """Write into adapter_config.json where the base is found: a hub id, a folder or `../base`.

    With the commit of a hub base, which plain PEFT then loads too.
    """
    file = adapter_dir / "adapter_config.json"
    named = {"base_model_name_or_path": base, "revision": revision}
    write_text(file, json.dumps(read_json(file) | named, indent=2))


def cut_head(adapter_dir: Path, departments_count: int) -> None:
    """Keep the rows of the head that are departments; those of aisles have done their work."""
    from safetensors.torch import load_file, save_file  # numpy has no bfloat16

    file = adapter_dir / "adapter_model.safetensors"
    weights = load_file(file)
    heads = [name for name in weights if name.endswith("score.weight")]
    if all(len(weights[name]) == departments_count for name in heads):
        return
    for name in heads:
        weights[name] = weights[name][:departments_count].clone()
    save_file(weights, file, metadata={"format": "pt"})


def find_base(base: str, adapter_dir: Path) -> str:
    """A base as `from_pretrained` takes it: `../base` is seen from the adapter's folder."""
    return str(adapter_dir.parent / "base") if base == MADE_BASE else base


def load_adapted(adapter_dir: Path, departments: Departments, form: InferenceForm) -> Any:
    """Base plus adapter in a Run's inference form, in `eval()`; on a GPU not run yet.

    Raises:
        ArtifactError: the adapter is of another base.
        ConfigError: the base cannot be loaded.
    """
    from peft import PeftModel

    base = load_unadapted(adapter_dir, departments, form)
    with fitting(adapter_dir):
        adapted = PeftModel.from_pretrained(base, str(adapter_dir), is_trainable=False)
    return (adapted.merge_and_unload() if form.merged else adapted).eval()


@contextmanager
def fitting(adapter_dir: Path) -> Iterator[None]:
    """PEFT's errors while an adapter is put on its base, as ours.

    Raises:
        ArtifactError: the adapter is of another base.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        named = named_base(adapter_dir)
        raise ArtifactError(
            f"the adapter {adapter_dir} does not fit the base {named!r}: it was trained on another",
            "put the base back that the Run was trained on",
        ) from error


def load_unadapted(adapter_dir: Path, departments: Departments, form: InferenceForm) -> Any:
    """The base alone, in a Run's inference form and in `eval()`: what its adapter began from.

    Raises:
        ConfigError: the base cannot be loaded.
    """
    import torch

    # "auto": a base larger than the GPU goes to several, or in part to CPU memory (accelerate)
    device = "auto" if torch.cuda.is_available() and not form.merged else "cpu"
    base = load_base(find_base(named_base(adapter_dir), adapter_dir), departments, form, device)
    if form.merged and form.quantization != "none":
        base = base.dequantize()
    return base.eval()


def named_base(adapter_dir: Path) -> str:
    """As adapter_config.json has it."""
    return str(read_json(adapter_dir / "adapter_config.json")["base_model_name_or_path"])

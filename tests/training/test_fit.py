"""A run that was cut is the run that was not."""

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from shelftag.artifacts import Dataset, read_json
from shelftag.config import Config
from shelftag.training.arguments import total_steps, training_arguments
from shelftag.training.fit import fit
from tests import tiny


class KeepFirst(TrainerCallback):  # type: ignore[misc]
    """Keeps the first checkpoint, as Ray Train does; the Trainer itself clears all but the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
        if not self.folder.exists():
            copytree(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.folder)


def train(
    config: Config, dataset: Dataset, base: Path, folder: Path, start: Path | None = None
) -> Path:
    departments, examples = tiny.learned(dataset)
    keep = KeepFirst(folder / "first")
    fit(config, str(base), departments, examples, folder, checkpoint=start, callbacks=[keep])
    (end,) = folder.glob("checkpoint-*")
    return end


@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_resumed_weights_equal_undisturbed_ones(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path, quantization: str
) -> None:
    """With dropout, so that the random state must come back too."""
    config = tiny.config(
        "train.max_steps=8",
        "train.save_steps=5",
        "train.embedding_dropout=0.2",
        "train.token_dropout=0.2",
        f"model.quantization={quantization}",
    )
    whole = train(config, tiny_dataset, tiny_base, tmp_path / "whole")
    cut = tmp_path / "whole" / "first"
    assert read_json(cut / "trainer_state.json")["global_step"] == 5
    resumed = train(config, tiny_dataset, tiny_base, tmp_path / "resumed", cut)
    assert whole.name == resumed.name == "checkpoint-8"
    expected = load_file(whole / "adapter_model.safetensors")
    for name, tensor in load_file(resumed / "adapter_model.safetensors").items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=1e-6, msg=name)


def test_frozen_parts_stay_as_they_were(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    config = tiny.config("train.max_steps=2", "train.freeze=[lora_]")
    end = train(config, tiny_dataset, tiny_base, tmp_path)
    adapter = load_file(end / "adapter_model.safetensors")
    updates = [tensor for name, tensor in adapter.items() if "lora_B" in name]
    assert updates
    assert all(tensor.abs().max() == 0 for tensor in updates)


def test_steps() -> None:
    train = Config().train
    assert total_steps(train.model_copy(update={"max_steps": 7}), 100, 1) == 7
    assert total_steps(train.model_copy(update={"epochs": 2.5}), 100, 1) == 250
    halved = train.model_copy(update={"epochs": 1, "gradient_accumulation_steps": 2})
    assert total_steps(halved, 100, 2) == 25


def test_the_study_s_names_reach_transformers(tmp_path: Path) -> None:
    same = {
        "per_device_train_batch_size": 3,
        "per_device_eval_batch_size": 5,
        "gradient_accumulation_steps": 7,
        "max_grad_norm": 0.3,
        "learning_rate": 4e-4,
        "weight_decay": 0.013,
        "adam_beta2": 0.97,
        "optim": "adafactor",
        "lr_scheduler_type": "linear",
        "save_steps": 11,
        "logging_steps": 13,
        "seed": 17,
    }
    renamed = {"gradient_checkpointing": True, "warmup_ratio": 0.03}
    train = Config().train.model_copy(update=same | renamed)
    config = Config().model_copy(update={"train": train})
    arguments = training_arguments(config, tmp_path, 1_000, workers=1)
    assert {name: getattr(arguments, name) for name in same} == same
    assert arguments.activation_checkpointing
    assert arguments.warmup_steps == 30
    assert arguments.max_steps == 1_000

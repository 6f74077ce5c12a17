"""One training worker, measured: run in a process of its own, it prints JSON.

python -m tests.sizing.measured BASE DATASET SCRATCH key=value ...
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from shelftag.artifacts import Dataset
from shelftag.config import Config
from shelftag.model.runtime import peak_rss
from shelftag.training.fit import fit
from shelftag.training.objective import objective_of
from tests import tiny


def tensor_bytes(model: Any) -> dict[str, int]:
    """Bytes of frozen and of trained parameters, with the constants 4-bit ones are read by."""
    sizes = {"weights": 0, "adapter": 0}
    for parameter in model.parameters():
        kind = "adapter" if parameter.requires_grad else "weights"
        sizes[kind] += parameter.numel() * parameter.element_size()
        state = getattr(parameter, "quant_state", None)
        for part in (state, getattr(state, "state2", None)):
            if part is not None:
                sizes[kind] += part.absmax.numel() * part.absmax.element_size()
    return sizes


def saved_bytes(model: Any, config: Config) -> int:
    """Bytes autograd keeps of one forward pass at full length, parameters not counted."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    rows, length = config.train.per_device_train_batch_size, config.model.max_length
    ids = torch.randint(4, model.config.vocab_size, (rows, length))
    mask = torch.ones_like(ids)
    mask[0, -1] = 0
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        outputs = model(input_ids=ids, attention_mask=mask)
    del outputs
    return sum(kept.values())


class Measure(TrainerCallback):  # type: ignore[misc]
    """Adds up gradients and optimizer state where they are."""

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}

    def on_pre_optimizer_step(self, *_: Any, model: Any, **__: Any) -> None:
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        self.sizes["gradients"] = sum(g.numel() * g.element_size() for g in gradients)
        self.sizes |= tensor_bytes(model)

    def on_step_end(self, *_: Any, optimizer: Any, **__: Any) -> None:
        states = [state for each in optimizer.state.values() for state in each.values()]
        tensors = [s for s in states if isinstance(s, torch.Tensor) and s.numel() > 1]
        self.sizes["optimizer"] = sum(t.numel() * t.element_size() for t in tensors)


def measured(config: Config, base: str, dataset: Dataset, scratch: Path) -> dict[str, int]:
    """Bytes after two steps, by part; `rss` is what the process's peak grew by."""
    departments, examples = tiny.learned(dataset)
    longer = [" ".join([text] * 20) for text in examples.texts]  # all reach model.max_length
    examples = replace(examples, texts=longer)
    measure = Measure()
    before = peak_rss()
    fit(config, base, departments, examples, scratch, callbacks=[measure])
    grown = peak_rss() - before
    model = objective_of(config, base, departments, examples).model().train()
    return measure.sizes | {"rss": grown, "saved": saved_bytes(model, config)}


if __name__ == "__main__":
    base, dataset, scratch, *overrides = sys.argv[1:]
    torch.set_num_threads(1)
    found = measured(tiny.config(*overrides), base, Dataset(Path(dataset)), Path(scratch))
    print(json.dumps(found))

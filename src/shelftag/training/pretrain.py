"""Making the nano base: next-token pretraining on the training names."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from shelftag.catalog.departments import Departments
from shelftag.config.model import NanoConfig
from shelftag.model.base import make_nano
from shelftag.model.tokens import encode
from shelftag.training.batches import BatchPlan

BATCH_SIZE = 256
WARMUP = 0.05
IGNORED = -100  # what torch's cross entropy leaves out

Progress = Callable[[int, int, float], None]
"""(step, steps, loss)"""


def make_base(
    texts: list[str],
    departments: Departments,
    nano: NanoConfig,
    seed: int,
    folder: Path,
    progress: Progress,
) -> float:
    """Write a nano base to `folder`; returns the seconds it took."""
    started = time.perf_counter()
    model, tokenizer = make_nano(texts, departments, nano, seed)
    if nano.pretrain_epochs:
        _pretrain(model, tokenizer, texts, nano, seed, progress)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return time.perf_counter() - started


def _pretrain(
    model: Any, tokenizer: Any, texts: list[str], nano: NanoConfig, seed: int, progress: Progress
) -> None:
    import torch

    encoded = encode(tokenizer, texts, max_length=64)
    plan = BatchPlan(np.ones(len(texts)), encoded.lengths, BATCH_SIZE, True, seed)
    steps = nano.pretrain_epochs * plan.batches_per_epoch
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=nano.pretrain_learning_rate, betas=(0.9, 0.98), weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    model.train()
    for step, rows in zip(range(1, steps + 1), plan.batches(), strict=False):
        batch = encoded.padded(rows, tokenizer.pad_token_id)
        labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, IGNORED)
        loss = model(**batch, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        progress(step, steps, float(loss.detach()))


def _rate(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to zero, as a share of the peak rate."""
    warmup = max(1, math.ceil(WARMUP * steps))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

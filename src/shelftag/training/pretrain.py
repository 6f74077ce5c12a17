"""Making the nano base: it learns which words stand together, from the training names alone.

From a name with some tokens hidden, the state at `</s>`, where the classification head will read,
predicts the hidden ones: continuous bag of words (Mikolov et al. 2013,
https://arxiv.org/abs/1301.3781) through a Llama. Plain next-token prediction was tried and made
the tagger worse than a random base does; see the README's results.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from shelftag.catalog.departments import Departments
from shelftag.config.model import PROMPT, NanoConfig
from shelftag.model.base import make_nano
from shelftag.model.tokens import encode
from shelftag.training.batches import BatchPlan

BATCH_SIZE = 256
WARMUP = 0.05
HIDDEN = 0.3
"""Share of a name's tokens that is hidden; at least one."""

Progress = Callable[[int, int, float], None]
"""(step, steps, loss)"""


def make_base(
    texts: list[str],
    departments: Departments,
    nano: NanoConfig,
    seed: int,
    folder: Path,
    progress: Progress,
    prompt: str = PROMPT,
) -> float:
    """Write a nano base to `folder`; returns the seconds it took."""
    started = time.perf_counter()
    model, tokenizer = make_nano(texts, departments, nano, seed, prompt)
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
    generator = torch.Generator().manual_seed(seed)
    model.train()
    for step, rows in zip(range(1, steps + 1), plan.batches(), strict=False):
        batch = encoded.padded(rows, tokenizer.pad_token_id)
        hidden = _hide(batch, tokenizer, generator)
        loss = _loss_at_the_end(model, batch, hidden)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        progress(step, steps, float(loss.detach()))


def _hide(batch: dict[str, Any], tokenizer: Any, generator: Any) -> Any:
    """Put `<unk>` over some tokens, in place; returns what stood there, [rows, longest].

    Elsewhere it is 0: that is `<s>`, which is never hidden.
    """
    import torch

    ids = batch["input_ids"]
    chance = torch.rand(ids.shape, generator=generator)
    for special in (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id):
        chance[ids == special] = 2.0
    chosen = (chance < HIDDEN) | (chance == chance.min(dim=1, keepdim=True).values)
    chosen &= chance < 1
    hidden = torch.where(chosen, ids, 0)
    ids[chosen] = tokenizer.unk_token_id
    return hidden


def _loss_at_the_end(model: Any, batch: dict[str, Any], hidden: Any) -> Any:
    """Mean negative log-likelihood of the hidden tokens, all predicted from the last state."""
    import torch

    states = model.model(**batch).last_hidden_state
    ends = batch["attention_mask"].sum(dim=1) - 1
    logits = model.lm_head(states[torch.arange(len(states)), ends])
    likely = torch.log_softmax(logits, dim=1).gather(1, hidden)
    return -likely[hidden > 0].mean()


def _rate(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to zero, as a share of the peak rate."""
    warmup = max(1, math.ceil(WARMUP * steps))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))

"""What a generating model writes when nobody holds it to the departments: a diagnostic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shelftag.artifacts import Run
from shelftag.errors import InputError
from shelftag.model.adapter import load_adapted, load_unadapted
from shelftag.model.prompt import Prompt, prompt_of
from shelftag.model.tokens import load_tokenizer
from shelftag.tagging.identity import check_run

MIN_TOKENS = 16
"""An answer may be this long at least, and twice the longest department's name: room for two."""


@dataclass(frozen=True)
class FreeAnswer:
    """What was written after a prompt, greedily."""

    text: str
    ended: bool
    """Whether it ended by itself, and not where it was cut."""


def free_answers(
    model: Any, tokenizer: Any, prompt: Prompt, texts: Sequence[str], batch_size: int
) -> list[FreeAnswer]:
    """One greedy answer a text, in order; `model` is a causal language model in `eval()`."""
    import torch

    encoded = prompt.encode(tokenizer, texts)
    by_length = np.argsort(encoded.lengths, kind="stable")
    answers: dict[int, FreeAnswer] = {}
    for start in range(0, len(texts), batch_size):
        rows = by_length[start : start + batch_size]
        batch = encoded.padded(rows, tokenizer.pad_token_id, side="left")
        with torch.inference_mode():
            written = model.generate(
                **{name: value.to(model.device) for name, value in batch.items()},
                max_new_tokens=max(MIN_TOKENS, 2 * int(prompt.completion_lengths.max())),
                do_sample=False,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )[:, batch["input_ids"].shape[1] :]
        for row, ids in zip(rows.tolist(), written.tolist(), strict=True):
            answers[row] = _answer(tokenizer, ids)
    return [answers[row] for row in range(len(texts))]


@dataclass(frozen=True)
class AskedFreely:
    """Answers to the same texts."""

    before: list[FreeAnswer]
    """The base's, before tuning."""
    tuned: list[FreeAnswer]


def ask_freely(run: Run, texts: Sequence[str], batch_size: int) -> AskedFreely:
    """Greedy answers of a `generate` Run and of its base, both in the Run's inference form.

    Raises:
        ArtifactError: the Run is incomplete, or not as `train` left it.
        InputError: the Run does not generate.
    """
    checked = check_run(run)
    form, departments = checked.form, checked.departments
    if form.objective != "generate":
        raise InputError(f"Run {run.path} has the objective {form.objective}", "name another Run")
    tokenizer = load_tokenizer(run.adapter_dir)
    prompt = prompt_of(tokenizer, form.prompt, departments, form.max_length)
    before, tuned = (  # one after the other: two large models may not fit
        free_answers(load(run.adapter_dir, departments, form), tokenizer, prompt, texts, batch_size)
        for load in (load_unadapted, load_adapted)
    )
    return AskedFreely(before, tuned)


def _answer(tokenizer: Any, ids: list[int]) -> FreeAnswer:
    ended = tokenizer.eos_token_id in ids
    kept = ids[: ids.index(tokenizer.eos_token_id)] if ended else ids
    return FreeAnswer(tokenizer.decode(kept, skip_special_tokens=True).strip(), ended)

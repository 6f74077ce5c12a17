"""What the base does before tuning: asked for a department with no example to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shelftag.artifacts import Run
from shelftag.model.adapter import load_unadapted
from shelftag.model.prompt import prompt_of
from shelftag.model.tokens import load_tokenizer
from shelftag.tagging.free_generation import FreeAnswer, free_answers
from shelftag.tagging.identity import check_run
from shelftag.tagging.scorer import scorer_of

ROOM = 256
"""Tokens of prompt, product and department at least: nobody trained it on shorter ones."""


@dataclass(frozen=True)
class Untuned:
    """A base's answers to n texts: zero-shot."""

    closed_set: NDArray[np.int64]
    """The likeliest department of each, [n]."""
    free: list[FreeAnswer]
    """What it writes when any words may be."""


def ask_untuned(run: Run, texts: Sequence[str], template: str, batch_size: int) -> Untuned:
    """Ask a Run's base, in the Run's inference form, by a prompt with `{product}` in it.

    Raises:
        ArtifactError: the Run is incomplete, or not as `train` left it.
        ConfigError: the prompt and the base do not go together.
    """
    checked = check_run(run)
    room = max(checked.form.max_length, ROOM)
    form = replace(
        checked.form, objective="generate", prompt=template, max_length=room, linear_weight=0.0
    )
    model = load_unadapted(run.adapter_dir, checked.departments, form)
    tokenizer = load_tokenizer(run.adapter_dir)
    scorer = scorer_of(model, tokenizer, checked.departments, form, batch_size)
    prompt = prompt_of(tokenizer, template, checked.departments, room)
    return Untuned(
        closed_set=scorer.logits(texts).argmax(axis=1),
        free=free_answers(model, tokenizer, prompt, texts, batch_size),
    )

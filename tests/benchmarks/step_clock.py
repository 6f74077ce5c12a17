"""Tokens and names a second of a transformers Trainer, whoever feeds it."""

import time
from typing import Any

WARM_UP = 5
"""Steps before those that are timed."""


def step_clock() -> Any:
    """A callback that notes, at the end of each step, the time and the real tokens and names."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.tokens = self.names = 0
            self.notes: list[tuple[float, int, int]] = []

        def count(self, module: Any, _: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002
            self.tokens += int(inputs["attention_mask"].sum())
            self.names += len(inputs["attention_mask"])

        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any, **_: Any) -> None:  # noqa: ARG002
            model.register_forward_pre_hook(self.count, with_kwargs=True)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            self.notes.append((time.perf_counter(), self.tokens, self.names))

    return Clock()


def speed(clock: Any) -> dict[str, float]:
    """Over the steps after the first few."""
    (began, tokens, names), (ended, all_tokens, all_names) = clock.notes[WARM_UP], clock.notes[-1]
    seconds = ended - began
    return {
        "tokens_per_s": round((all_tokens - tokens) / seconds, 1),
        "names_per_s": round((all_names - names) / seconds, 1),
    }

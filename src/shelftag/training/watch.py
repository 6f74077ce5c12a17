"""What is measured while training: by the Trainer's logs, for the progress file and trackers."""

import time
from collections.abc import Mapping
from typing import Any

from shelftag.artifacts import Run
from shelftag.config import Config
from shelftag.model.runtime import peak_bytes
from shelftag.training.progress import Pace
from shelftag.training.tracking import Tracker, open_trackers

LOGGED = ("learning_rate", "grad_norm")
"""Figures taken from the Trainer's logs as they are, beside the loss and those of an evaluation."""


def watcher(config: Config, run: Run) -> Any:
    """A transformers `TrainerCallback`; only the first of all workers writes.

    Rates are of the steps since the last log line: real tokens, that is without padding, and names
    of all workers together. Memory is the first worker's peak.
    """
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc]
        trackers: list[Tracker] = []  # noqa: RUF012  # none but in the first worker

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            self.pace = Pace(run.progress_file, "train", state.global_step)
            self.last = (state.global_step, state.num_input_tokens_seen, time.perf_counter())
            if state.is_world_process_zero:
                self.trackers = open_trackers(config, run, state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            if state.global_step == state.max_steps:  # in all workers, since the loss is gathered
                control.should_log = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:  # noqa: ARG002
            if not state.is_world_process_zero:
                return
            figures = logged(logs)
            if "loss" in logs:
                figures |= self._measured(args, state)
                self.pace(state.global_step, state.max_steps, float(logs["loss"]), figures)
                figures["loss"] = float(logs["loss"])
            if figures:
                for tracker in self.trackers:
                    tracker.log(figures, state.global_step)

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            for tracker in self.trackers:
                tracker.close()

        def _measured(self, args: Any, state: Any) -> dict[str, float]:
            step, tokens, then = self.last
            self.last = (state.global_step, state.num_input_tokens_seen, time.perf_counter())
            seconds = self.last[2] - then
            names = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
            return {
                "tokens_per_s": round((state.num_input_tokens_seen - tokens) / seconds),
                "names_per_s": round((state.global_step - step) * names / seconds, 1),
                "memory_gb": round(peak_bytes() / 1e9, 2),
            }

    return Watcher()


def logged(logs: Mapping[str, Any]) -> dict[str, float]:
    """What is kept of a Trainer's log entry, beside its loss."""
    return {
        name: float(value)
        for name, value in logs.items()
        if name in LOGGED or (name.startswith("eval_") and isinstance(value, int | float))
    }

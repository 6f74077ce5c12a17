"""A machine that is to go, such as a spot machine with its two minutes' notice.

    notice --> a checkpoint at the end of this step --> all workers leave --> fewer go on from there

To stay until the machine is taken would be to learn what is lost with it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ASK_EVERY_S = 1.0
"""To ask takes a worker one to three milliseconds: all meet for it."""
TIMED_STEPS = 10
"""By which it is found how many steps that is; until then it is asked at each."""


@dataclass(frozen=True)
class Notices:
    """How workers hear of it; each calls these as often as the others, and all get one answer."""

    told: Callable[[], bool]
    """Whether a machine that one of them runs on is to go."""
    agreed: Callable[[int], int]
    """The first worker's number."""


def leaver(notices: Notices) -> Any:
    """A callback that has a checkpoint made on a notice, and ends the training there.

    Its `left_at` is the step it was made after, or None.
    """
    from transformers import TrainerCallback

    class Leaver(TrainerCallback):  # type: ignore[misc]
        left_at: int | None = None

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            self.first, self.began, self.every = state.global_step, time.perf_counter(), 1

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            if state.global_step >= state.max_steps:
                return
            if state.global_step == self.first + TIMED_STEPS:
                self.every = notices.agreed(steps_between(time.perf_counter() - self.began))
            if state.global_step % self.every == 0 and notices.told():
                self.left_at = state.global_step
                control.should_save = control.should_training_stop = True

    return Leaver()


def steps_between(seconds: float) -> int:
    """How many steps to let pass, where `TIMED_STEPS` took so long."""
    return max(1, int(ASK_EVERY_S * TIMED_STEPS / max(seconds, 1e-6)))

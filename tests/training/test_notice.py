"""A notice makes a checkpoint, and what goes on from it is the run that had none."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from shelftag.artifacts import Dataset
from shelftag.config import Config
from shelftag.training.fed import Fed
from shelftag.training.fit import fit
from shelftag.training.notice import TIMED_STEPS, Notices, steps_between
from tests import tiny

CONFIG = tiny.config(
    "train.max_steps=14",
    "train.save_steps=100",
    "train.embedding_dropout=0.2",
    "train.token_dropout=0.2",
)


class Asked:
    """Notices that come at one of the times they are asked for."""

    def __init__(self, at: int, every: int = 1) -> None:
        self.at, self.every, self.times, self.proposed = at, every, 0, [0]

    def told(self) -> bool:
        self.times += 1
        return self.times == self.at

    def agreed(self, proposed: int) -> int:
        self.proposed.append(proposed)
        return self.every

    @property
    def notices(self) -> Notices:
        return Notices(self.told, self.agreed)


def train(
    dataset: Dataset,
    base: Path,
    folder: Path,
    asked: Asked | None = None,
    start: Path | None = None,
    config: Config = CONFIG,
) -> tuple[Fed, Path]:
    departments, examples = tiny.learned(dataset)
    notices = asked.notices if asked else None
    fed = fit(config, str(base), departments, examples, folder, checkpoint=start, notices=notices)
    (end,) = folder.glob("checkpoint-*")
    return fed, end


def test_what_goes_on_from_a_notice_is_the_same_run(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    whole, end = train(tiny_dataset, tiny_base, tmp_path / "whole", Asked(at=10**6))
    assert (whole.left_at, whole.batches, end.name) == (None, 14, "checkpoint-14")
    fed, left = train(tiny_dataset, tiny_base, tmp_path / "left", Asked(at=3))
    assert (fed.left_at, left.name) == (3, "checkpoint-3")
    again, resumed = train(tiny_dataset, tiny_base, tmp_path / "again", Asked(10**6), left)
    assert (again.left_at, again.first, again.batches) == (None, 3, 11)
    expected = load_file(end / "adapter_model.safetensors")
    found = load_file(resumed / "adapter_model.safetensors")
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=1e-6, msg=name)


def test_it_is_asked_for_as_often_as_the_first_worker_says_and_not_at_the_end(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    asked = Asked(at=10**6, every=4)
    train(tiny_dataset, tiny_base, tmp_path / "run", asked)
    assert asked.times == TIMED_STEPS  # after steps 1 to 9, and 12
    assert len(asked.proposed) == 2
    assert asked.proposed[1] >= 1


@pytest.mark.parametrize(("seconds", "steps"), [(600.0, 1), (10.0, 1), (1.0, 10), (0.0, 10**7)])
def test_about_once_a_second(seconds: float, steps: int) -> None:
    assert steps_between(seconds) == steps

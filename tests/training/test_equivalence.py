"""However a step is shared between workers, it is the same step."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from shelftag.artifacts import Dataset
from tests import tiny
from tests.training.ranks import Job

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LOSS = 1e-5
"""What losses may differ by. Measured: at most 1.2e-7, the last bit of a float32."""
WEIGHTS = 1e-5
"""What weights may differ by after 12 steps. Measured: at most 1.3e-7."""
SHARED = (
    ("ddp", "nf4"),
    ("zero2", "nf4"),
    ("zero2", "none"),
    ("zero3", "nf4"),
    ("zero3", "none"),
    ("fsdp", "none"),
)

VARIANTS = {
    "checkpointing": (1, ("train.gradient_checkpointing=true",)),
    "generate": (1, tiny.GENERATING),  # completions differ in tokens, so that a share is not a half
    "accumulation": (2, ()),
}
"""Batches that each of two workers sums, and settings."""


class Runs:
    """Runs of 12 steps of 64 names: 2 x 32 in all ways."""

    def __init__(self, dataset: Dataset, base: Path, folder: Path) -> None:
        self._dataset, self._base, self._folder = dataset, base, folder

    def job(self, name: str, *overrides: str) -> Job:
        folder = self._folder / name
        folder.mkdir()
        steps = ("max_steps=12", "save_steps=6", "logging_steps=1")
        shape = ("per_device_train_batch_size=32", "learning_rate=0.01")
        common = tuple(f"train.{setting}" for setting in (*steps, *shape))
        return Job(self._dataset, self._base, folder, (*common, *overrides))


@pytest.fixture(scope="module")
def runs(tiny_dataset: Dataset, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tiny_dataset, tiny_base, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def alone(runs: Runs) -> dict[str, Job]:
    """One worker that sums two batches a step, by quantization."""
    jobs = {}
    for kind in ("nf4", "none"):
        settings = ("train.gradient_accumulation_steps=2", f"model.quantization={kind}")
        jobs[kind] = runs.job(f"alone-{kind}", *settings)
        jobs[kind].run(1)
    return jobs


def weights(job: Job) -> dict[str, torch.Tensor]:
    return load_file(job.last().path / "adapter_model.safetensors")


def check_equal(job: Job, expected: Job, first_step: int = 1) -> None:
    """Losses from a step on, and the whole adapter."""
    losses, others = job.losses(), expected.losses()
    assert len(losses) == len(others) == 12
    print(f"losses differ by {max(abs(a - b) for a, b in zip(losses, others, strict=True)):.1e}")
    assert losses[first_step - 1 :] == pytest.approx(others[first_step - 1 :], abs=LOSS)
    found, wanted = weights(job), weights(expected)
    assert found.keys() == wanted.keys()
    differences = {name: float((found[name] - wanted[name]).abs().max()) for name in wanted}
    print(f"weights differ by {max(differences.values()):.1e}")
    assert max(differences.values()) < WEIGHTS, differences


@pytest.mark.parametrize(("strategy", "quantization"), SHARED)
def test_two_workers_equal_one_and_resumed_equals_undisturbed(
    runs: Runs, alone: dict[str, Job], strategy: str, quantization: str
) -> None:
    settings = (
        "scaling.workers=2",
        f"scaling.strategy={strategy}",
        f"model.quantization={quantization}",
    )
    whole = runs.job(f"{strategy}-{quantization}", *settings)
    whole.run(2)
    check_equal(whole, alone[quantization])
    cut = whole.folder / "checkpoints" / "checkpoint-6"
    resumed = runs.job(f"{strategy}-{quantization}-resumed", *settings)
    resumed.run(2, cut)
    check_equal(resumed, whole, first_step=7)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("strategy", ["ddp", "zero3"])
def test_other_ways_to_train_are_shared_alike(runs: Runs, strategy: str, variant: str) -> None:
    batches, settings = VARIANTS[variant]
    alone, shared = (
        runs.job(
            f"{strategy}-{variant}-{workers}",
            *settings,
            f"scaling.workers={workers}",
            f"scaling.strategy={strategy if workers > 1 else 'ddp'}",
            f"train.gradient_accumulation_steps={2 * batches // workers}",
        )
        for workers in (1, 2)
    )
    alone.run(1)
    shared.run(2)
    check_equal(shared, alone)


def test_losses_fall(alone: dict[str, Job]) -> None:
    """Or equal ones would say nothing."""
    for job in alone.values():
        losses = job.losses()
        assert losses[-1] < 0.8 * losses[0]

"""Training that has gone wrong stops, and says where."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from shelftag.artifacts import Dataset
from shelftag.errors import TrainingFailed
from shelftag.training.checkpoints import newest_whole
from shelftag.training.finite import check_finite
from shelftag.training.fit import fit
from tests import tiny


def test_a_loss_that_is_not_finite_stops_at_its_step(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    """The rate rises from 0: the first update of step 2 is too large for float32."""
    config = tiny.config(
        *("train.max_steps=9", "train.learning_rate=1e38"),
        *("train.warmup_ratio=0.3", "train.save_steps=1"),
    )
    departments, examples = tiny.learned(tiny_dataset)
    kept = tmp_path / "checkpoints"
    with pytest.raises(TrainingFailed, match=r"the loss is (nan|inf) at step 3|not finite after"):
        fit(
            *(config, str(tiny_base), departments, examples, tmp_path / "scratch"),
            checkpoints=kept,
        )
    good, damaged = newest_whole(kept)
    assert good is not None
    assert not damaged
    check_finite(good.path / "adapter_model.safetensors", good.step)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_not_kept(tmp_path: Path, value: float) -> None:
    file = tmp_path / "adapter_model.safetensors"
    save_file({"good": torch.ones(3)}, file)
    check_finite(file, 7)
    save_file({"good": torch.ones(3), "bad": torch.tensor([1.0, value])}, file)
    with pytest.raises(TrainingFailed, match=r"not finite after step 7 \(bad\)"):
        check_finite(file, 7)

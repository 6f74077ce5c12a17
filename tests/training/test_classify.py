"""The classify objective: two losses in training, departments alone afterwards."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import cross_entropy

from shelftag.artifacts import Dataset
from shelftag.config import Config
from shelftag.model.adapter import cut_head
from shelftag.training.classify import NO_AISLE, Classify, mean_loss
from tests import tiny

AISLES = tiny.config("train.aisle_weight=0.5")
NO_AISLES = tiny.config("train.aisle_weight=0")


def objective(config: Config, dataset: Dataset, base: Path) -> Classify:
    departments, examples = tiny.learned(dataset)
    return Classify(config, str(base), departments, examples)


def loss(logits: torch.Tensor, labels: torch.Tensor, weight: float, items: int | None) -> float:
    return float(
        mean_loss(
            SimpleNamespace(logits=logits),
            labels,
            items,
            departments_count=3,
            label_smoothing=0.1,
            aisle_weight=weight,
        )
    )


@pytest.fixture
def scored() -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of 3 departments and 4 aisles, [6, 7], and their labels; two have no aisle."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 7, generator=generator)
    return logits, torch.tensor([[0, 1], [1, NO_AISLE], [2, 0], [0, 3], [1, NO_AISLE], [2, 2]])


def test_the_loss_is_the_sum_of_both(scored: tuple[torch.Tensor, torch.Tensor]) -> None:
    logits, labels = scored
    departments = cross_entropy(logits[:, :3], labels[:, 0], label_smoothing=0.1)
    known = labels[:, 1] != NO_AISLE
    aisles = cross_entropy(logits[known, 3:], labels[known, 1], reduction="sum") / len(labels)
    assert loss(logits, labels, 0.5, None) == pytest.approx(float(departments + 0.5 * aisles))
    assert loss(logits, labels, 0.0, None) == pytest.approx(float(departments))


def test_accumulated_batches_are_one_batch(scored: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Also of unequal size: what counts is the rows of the whole step."""
    logits, labels = scored
    parts = [
        loss(logits[rows], labels[rows], 0.5, labels.numel()) for rows in (slice(2), slice(2, 6))
    ]
    assert sum(parts) == pytest.approx(loss(logits, labels, 0.5, None))


def test_aisles_widen_the_head_and_are_cut_off_again(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path
) -> None:
    wide = objective(AISLES, tiny_dataset, tiny_base)
    model = wide.model()
    assert len(wide.examples.aisle_names) == 20
    model.save_pretrained(tmp_path)
    before = head(tmp_path)
    assert before.shape[0] == 4 + 20
    cut_head(tmp_path, 4)
    assert torch.equal(head(tmp_path), before[:4])


def test_adapters_in_bfloat16_are_cut_too(tmp_path: Path) -> None:
    """DeepSpeed saves them so."""
    name = "base_model.model.score.weight"
    weights = {name: torch.randn(7, 8).bfloat16()}
    save_file(weights, tmp_path / "adapter_model.safetensors")
    cut_head(tmp_path, 3)
    assert torch.equal(head(tmp_path), weights[name][:3])


def head(folder: Path) -> torch.Tensor:
    weights = load_file(folder / "adapter_model.safetensors")
    (name,) = (name for name in weights if name.endswith("score.weight"))
    return weights[name]


def test_without_a_weight_the_aisle_is_not_learned(tiny_dataset: Dataset, tiny_base: Path) -> None:
    plain = objective(NO_AISLES, tiny_dataset, tiny_base)
    assert plain.model().score.weight.shape[0] == 4
    assert (plain.batch(plain.lengths[:8] * 0, 0)["labels"][:, 1] == NO_AISLE).all()


def test_the_aisles_reach_the_shared_layers(tiny_dataset: Dataset, tiny_base: Path) -> None:
    one = objective(AISLES, tiny_dataset, tiny_base)
    model, batch = one.model().eval(), one.batch(one.lengths[:8] * 0, 0)
    labels = batch.pop("labels")
    weight = dict(model.named_parameters())[
        "base_model.model.model.norm.modules_to_save.default.weight"
    ]
    gradients: list[torch.Tensor] = []
    for aisle_weight in (0.0, 0.5):
        loss = mean_loss(
            model(**batch),
            labels,
            departments_count=4,
            label_smoothing=0.0,
            aisle_weight=aisle_weight,
        )
        gradients += torch.autograd.grad(loss, weight)
    assert not torch.allclose(gradients[0], gradients[1])

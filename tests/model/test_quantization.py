"""4-bit weights on a CPU: what QLoRA needs of them stays true."""

from pathlib import Path
from typing import Any

import pytest
import torch

from shelftag.artifacts import Dataset, Run
from shelftag.model.adapter import add_adapter, load_adapted
from shelftag.model.base import InferenceForm, frozen_form, load_base, trained_form
from shelftag.model.tokens import encode, load_tokenizer
from shelftag.tagging.identity import read_departments
from tests import tiny

FORM = trained_form(tiny.CONFIG.model, tiny.CONFIG.train, use_gpu=False)
TEXTS = ["organic rye bread", "frozen peas 500 g", "classic cat litter twin pack"]


def gradients(model: Any, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    model.train()
    model.zero_grad()
    model(**batch, labels=torch.tensor([0, 2, 3])).loss.backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


def batch_of(base: Path) -> dict[str, torch.Tensor]:
    tokenizer = load_tokenizer(base)
    encoded = encode(tokenizer, TEXTS, 64)
    return encoded.padded(torch.arange(3).numpy(), tokenizer.pad_token_id)


def test_an_evaluation_pass_leaves_gradients_as_they_were(
    tiny_base: Path, tiny_dataset: Dataset
) -> None:
    """Without `forbid_cpu_repacking` this fails on CPUs with AVX512-BF16."""
    torch.manual_seed(0)
    departments, _ = tiny.learned(tiny_dataset)
    model = add_adapter(load_base(tiny_base, departments, FORM, "cpu"), tiny.CONFIG.model.lora)
    batch = batch_of(tiny_base)
    before = gradients(model, batch)
    model.eval()
    with torch.no_grad():
        model(**batch)
    after = gradients(model, batch)
    assert any("lora_B" in name and grad.abs().max() > 0 for name, grad in before.items())
    for name, grad in before.items():
        torch.testing.assert_close(after[name], grad, msg=name)


def test_linear_layers_are_four_bit_and_the_head_is_not(
    tiny_base: Path, tiny_dataset: Dataset
) -> None:
    import bitsandbytes as bnb

    departments, _ = tiny.learned(tiny_dataset)
    model = load_base(tiny_base, departments, FORM, "cpu")
    kinds = {name: type(m) for name, m in model.named_modules() if isinstance(m, torch.nn.Linear)}
    assert kinds.pop("score") is torch.nn.Linear
    assert set(kinds.values()) == {bnb.nn.Linear4bit}
    assert len(kinds) == 7 * tiny.CONFIG.model.nano.layers


@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_the_merged_form_is_the_trained_function(tiny_run: Run, quantization: str) -> None:
    departments = read_departments(tiny_run)
    forms = [frozen_form(tiny.CONFIG.model, tiny.CONFIG.train, use_gpu=False), FORM]
    assert [form.merged for form in forms] == [True, False]
    batch = batch_of(tiny_run.base_dir)
    with torch.no_grad():
        merged, trained = (
            load_adapted(tiny_run.adapter_dir, departments, as_form(form, quantization))(**batch)
            for form in forms
        )
    torch.testing.assert_close(merged.logits, trained.logits, rtol=1e-3, atol=1e-3)


def as_form(form: InferenceForm, quantization: str) -> InferenceForm:
    return InferenceForm(**{**vars(form), "quantization": quantization})


def test_plain_peft_loads_the_adapter(tiny_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from peft import AutoPeftModelForSequenceClassification

    monkeypatch.chdir(tiny_run.adapter_dir)
    model = AutoPeftModelForSequenceClassification.from_pretrained(".", num_labels=4).eval()
    departments = read_departments(tiny_run)
    ours = load_adapted(tiny_run.adapter_dir, departments, as_form(FORM, "none"))
    batch = batch_of(tiny_run.base_dir)
    with torch.no_grad():
        torch.testing.assert_close(model(**batch).logits, ours(**batch).logits)

"""The generate objective: what carries loss, that it learns to stop, and that it is resumable."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from shelftag.artifacts import Dataset, Run, read_json
from shelftag.model.adapter import load_adapted, load_unadapted
from shelftag.model.base import InferenceForm
from shelftag.model.prompt import prompt_of
from shelftag.model.tokens import load_tokenizer
from shelftag.tagging.free_generation import ask_freely, free_answers
from shelftag.tagging.identity import check_run
from shelftag.training.arguments import training_arguments
from shelftag.training.generate import IGNORED, Generate
from tests import tiny
from tests.training.test_fit import train


def gradients(model: Any, loss: Any) -> dict[str, torch.Tensor]:
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.fixture
def objective(tiny_dataset: Dataset, tiny_base: Path) -> Generate:
    return Generate(tiny.GENERATE, str(tiny_base), *tiny.learned(tiny_dataset))


def test_loss_is_on_the_name_and_the_end_of_text_only(objective: Generate) -> None:
    rows = np.array([0, 150, 300, 420])
    batch = objective.batch(rows, 0)
    tokenizer, names = objective.tokenizer, objective.departments.names
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    for row, ids, labels in zip(rows, batch["input_ids"], batch["labels"], strict=True):
        learned = labels[labels != IGNORED]
        name = names[objective.examples.labels[row]]
        assert tokenizer.decode(learned) == f"{name} </s>"
        read = tokenizer.decode(ids[ids != tokenizer.pad_token_id])
        assert read.endswith(f"department : {name} </s>")
    assert batch["attention_mask"].sum(dim=1).tolist() == objective.lengths[rows].tolist()


def test_tokens_are_hidden_in_the_product_only(tiny_dataset: Dataset, tiny_base: Path) -> None:
    config = tiny.config(*tiny.GENERATING, "train.token_dropout=0.9")
    noisy = Generate(config, str(tiny_base), *tiny.learned(tiny_dataset))
    clean = Generate(tiny.GENERATE, str(tiny_base), *tiny.learned(tiny_dataset))
    rows = np.arange(0, 400, 40)
    one, other = noisy.batch(rows, 3), clean.batch(rows, 3)
    hidden = one["input_ids"] != other["input_ids"]
    unknown = noisy.tokenizer.unk_token_id
    assert hidden.sum() > 0.7 * (other["input_ids"] > 3).sum() - 10 * len(rows)
    assert (one["input_ids"][hidden] == unknown).all()
    assert torch.equal(one["labels"], other["labels"])
    assert not (hidden & (one["labels"] != IGNORED)).any()
    again = noisy.batch(rows, 3)["input_ids"]
    assert torch.equal(again, one["input_ids"])
    assert not torch.equal(again, noisy.batch(rows, 4)["input_ids"])


def test_the_trainer_is_trl_s_and_its_adapters_are_float32(
    objective: Generate, tmp_path: Path
) -> None:
    from trl import SFTConfig, SFTTrainer

    arguments = training_arguments(tiny.GENERATE, tmp_path, 10, workers=1)
    assert isinstance(arguments, SFTConfig)
    assert arguments.completion_only_loss
    assert not arguments.gradient_checkpointing
    assert not arguments.bf16
    model = objective.model()
    before = {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}
    assert any("lora_A" in name for name in before)
    trainer = objective.trainer(model=model, args=arguments)
    assert isinstance(trainer, SFTTrainer)
    for name, parameter in trainer.model.named_parameters():
        if name in before:
            torch.testing.assert_close(parameter, before[name], rtol=0, atol=0, msg=name)


def test_the_loss_is_the_mean_over_completion_tokens(objective: Generate, tmp_path: Path) -> None:
    """TRL's fused loss against the plain one, and its gradients, through the tied head too."""
    arguments = training_arguments(tiny.GENERATE, tmp_path, 10, workers=1)
    model = objective.model()
    trainer = objective.trainer(model=model, args=arguments)
    batch = objective.batch(np.arange(0, 400, 20), 0)
    found = trainer.compute_loss(model, dict(batch))
    plain = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    expected = torch.nn.functional.cross_entropy(
        plain[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=IGNORED
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    plain_gradients = gradients(model, expected)
    assert any("embed_tokens" in name for name in plain_gradients)
    for name, gradient in gradients(model, found).items():
        torch.testing.assert_close(gradient, plain_gradients[name], rtol=1e-4, atol=1e-5, msg=name)


def test_it_learns_to_stop(tiny_generate_run: Run) -> None:
    texts = ["classic pita twin pack", "spicy milk", "frozen waffles", "organic cat food 500 g"]
    asked = ask_freely(tiny_generate_run, texts, batch_size=4)
    assert [answer.text for answer in asked.tuned] == ["bakery", "dairy eggs", "frozen", "pets"]
    assert all(answer.ended for answer in asked.tuned)
    assert not any(answer.ended for answer in asked.before)


def test_answers_do_not_depend_on_the_batch(tiny_generate_run: Run) -> None:
    checked = check_run(tiny_generate_run)
    tokenizer = load_tokenizer(tiny_generate_run.adapter_dir)
    form, departments = checked.form, checked.departments
    prompt = prompt_of(tokenizer, form.prompt, departments, form.max_length)
    model = load_adapted(tiny_generate_run.adapter_dir, departments, form)
    texts = ["milk", "organic rye bread " * 3, "small batch bird seed twin pack"]
    together = free_answers(model, tokenizer, prompt, texts, 3)
    assert together == [free_answers(model, tokenizer, prompt, [text], 1)[0] for text in texts]


@pytest.mark.parametrize("quantization", ["nf4", "none"])
def test_resumed_weights_equal_undisturbed_ones(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path: Path, quantization: str
) -> None:
    config = tiny.config(
        *tiny.GENERATING,
        "train.max_steps=8",
        "train.save_steps=5",
        "train.embedding_dropout=0.2",
        "train.token_dropout=0.2",
        f"model.quantization={quantization}",
    )
    whole = train(config, tiny_dataset, tiny_base, tmp_path / "whole")
    cut = tmp_path / "whole" / "first"
    assert read_json(cut / "trainer_state.json")["global_step"] == 5
    resumed = train(config, tiny_dataset, tiny_base, tmp_path / "resumed", cut)
    expected = load_file(whole / "adapter_model.safetensors")
    assert any("embed_tokens" in name for name in expected)
    for name, tensor in load_file(resumed / "adapter_model.safetensors").items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=1e-6, msg=name)


def logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        out: torch.Tensor = model(input_ids=ids).logits
    return out


def test_the_head_stays_tied_to_the_trained_embeddings(tiny_generate_run: Run) -> None:
    checked = check_run(tiny_generate_run)
    folder, departments = tiny_generate_run.adapter_dir, checked.departments
    merged = load_adapted(folder, departments, checked.form)
    assert merged.lm_head.weight is merged.model.embed_tokens.weight
    base = load_unadapted(folder, departments, checked.form)
    assert not torch.equal(merged.lm_head.weight, base.lm_head.weight)
    as_trained = InferenceForm(**{**vars(checked.form), "merged": False})
    ids = torch.arange(4, 24)[None]
    trained = logits(load_adapted(folder, departments, as_trained), ids)
    torch.testing.assert_close(logits(merged, ids), trained, rtol=1e-3, atol=1e-3)


def test_plain_peft_loads_the_adapter_as_the_card_says(
    tiny_generate_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = check_run(tiny_generate_run)
    card = (tiny_generate_run.adapter_dir / "README.md").read_text()
    code = card.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tiny_generate_run.adapter_dir)
    found: dict[str, Any] = {}
    exec(code, found)
    form = InferenceForm(**{**vars(checked.form), "quantization": "none"})
    ours = load_adapted(tiny_generate_run.adapter_dir, checked.departments, form)
    ids = torch.arange(4, 24)[None]
    assert "CausalLM" in code
    torch.testing.assert_close(logits(found["model"].eval(), ids), logits(ours, ids))

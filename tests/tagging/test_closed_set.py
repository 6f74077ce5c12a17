"""The trie gives what each label would get alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from shelftag.artifacts import Run
from shelftag.catalog.departments import Departments
from shelftag.model.adapter import load_adapted
from shelftag.model.base import InferenceForm
from shelftag.model.prompt import prompt_of
from shelftag.model.tokens import load_tokenizer, train_tokenizer
from shelftag.tagging.identity import check_run
from shelftag.tagging.scaling import Scaling, probabilities
from shelftag.tagging.scorer import scorer_of
from shelftag.tagging.tagger import load_scorer
from tests import tiny

NAMES = Departments(
    (
        "dairy",  # the beginning of another
        "dairy eggs",
        "dairy eggs free",
        "dry goods pasta",
        "deli",
        "pet food",
        "pet care",
    )
)
TEXTS = ["milk", "organic rye bread with a very long name " * 3, "cat food", "x", "dry pasta 500 g"]
FORM = InferenceForm("none", False, "float32", True, 64, objective="generate", prompt="{product} =")


def tokenizer() -> Any:
    return train_tokenizer([*NAMES.names, *TEXTS, "= : the"] * 3, 300)


def llama(attention: str, heads: int = 4, key_value_heads: int = 2) -> Any:
    """A random Llama with a head of its own that is far from even."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=key_value_heads,
        initializer_range=0.3,
        attn_implementation=attention,
    )
    return LlamaForCausalLM(config).eval()


def one_by_one(
    model: Any, tokens: Any, texts: list[str], departments: Departments, form: InferenceForm
) -> NDArray[np.float32]:
    """Brute force: every label of every text in a forward of its own, no padding and no cache."""
    prompt = prompt_of(tokens, form.prompt, departments, form.max_length)
    encoded = prompt.encode(tokens, texts)
    out = np.empty((len(texts), len(departments)), np.float32)
    with torch.no_grad():
        for row in range(len(texts)):
            for column, label in enumerate(prompt.completions):
                ids = torch.tensor([[*encoded.row(row), *label]])
                likely = model(input_ids=ids, use_cache=False).logits[0].log_softmax(dim=1)
                places = torch.arange(len(label)) + len(encoded.row(row)) - 1
                out[row, column] = likely[places, torch.tensor(label)].sum()
    return out


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_equal_to_brute_force(attention: str, batch_size: int) -> None:
    model, tokens = llama(attention), tokenizer()
    expected = one_by_one(model, tokens, TEXTS, NAMES, FORM)
    found = scorer_of(model, tokens, NAMES, FORM, batch_size).logits(TEXTS)
    assert np.ptp(expected, axis=1).min() > 1  # the labels are told apart
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_labels_share_what_they_begin_with() -> None:
    prompt = prompt_of(tokenizer(), FORM.prompt, NAMES, FORM.max_length)
    dairy, dairy_eggs, dairy_eggs_free, pasta, _, food, care = prompt.completions
    assert dairy_eggs[: len(dairy) - 1] == dairy[:-1]
    assert dairy_eggs_free[: len(dairy_eggs) - 1] == dairy_eggs[:-1]
    assert len(pasta) > 3
    assert food[0] == care[0]


def test_a_text_has_the_same_logits_in_any_company() -> None:
    model, tokens = llama("sdpa"), tokenizer()
    together = scorer_of(model, tokens, NAMES, FORM, 8).logits(TEXTS)
    alone = scorer_of(model, tokens, NAMES, FORM, 1)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(alone.logits([text])[0], together[row], atol=1e-4)


def test_they_are_log_probabilities_of_exclusive_answers() -> None:
    """All labels together are at most certain; their softmax is certain."""
    logits = scorer_of(llama("sdpa"), tokenizer(), NAMES, FORM, 8).logits(TEXTS)
    assert (np.exp(logits).sum(axis=1) <= 1).all()
    np.testing.assert_allclose(probabilities(logits, Scaling()).sum(axis=1), 1, atol=1e-6)


def test_a_run_is_scored_so(tiny_generate_run: Run) -> None:
    """Adapter, tied head and all: the frozen Run against brute force on its merged model."""
    checked = check_run(tiny_generate_run)
    texts = ["organic rye bread", "frozen peas 500 g", "cat litter"]
    model = load_adapted(tiny_generate_run.adapter_dir, checked.departments, checked.form)
    tokens = load_tokenizer(tiny_generate_run.adapter_dir)
    expected = one_by_one(model, tokens, texts, checked.departments, checked.form)
    scorer = load_scorer(tiny_generate_run, checked.departments, checked.form, 8)
    np.testing.assert_allclose(scorer.logits(texts), expected, atol=1e-4)
    assert expected.argmax(axis=1).tolist() == [0, 2, 3]
    assert checked.form.prompt == tiny.GENERATE.model.prompt


def test_an_adapter_beside_its_base_scores_as_when_merged(tiny_generate_run: Run) -> None:
    """The form of a GPU, here on a CPU: 4-bit kernels, and PEFT between us and the model."""
    checked = check_run(tiny_generate_run)
    beside = replace(checked.form, merged=False)
    texts = ["organic rye bread", "frozen peas 500 g twin pack", "cat litter"]
    merged, unmerged = (
        load_scorer(tiny_generate_run, checked.departments, form, 8).logits(texts)
        for form in (checked.form, beside)
    )
    np.testing.assert_allclose(unmerged, merged, rtol=1e-3, atol=1e-2)

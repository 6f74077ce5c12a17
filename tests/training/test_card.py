"""The model card says what it must: data, scores, limits, and the base's licence."""

import pytest
import yaml

from shelftag.artifacts import Dataset, Run
from shelftag.catalog.departments import Departments
from shelftag.tagging.calibration import Calibration, load_calibration
from shelftag.training.card import merged_card, model_card
from shelftag.training.licences import licence_of


def card(dataset: Dataset, run: Run, base: str) -> str:
    manifest = run.manifest().model_copy(update={"base": base})
    calibration = load_calibration(run.calibration_file, Departments(manifest.departments))
    return model_card(manifest, dataset.manifest(), calibration)


def front(text: str) -> dict[str, object]:
    fields: dict[str, object] = yaml.safe_load(text.split("---\n")[1])
    return fields


def test_a_run_s_card_has_its_figures(tiny_dataset: Dataset, tiny_run: Run) -> None:
    text = (tiny_run.adapter_dir / "README.md").read_text()
    run, dataset = tiny_run.manifest(), tiny_dataset.manifest()
    assert 0 < run.training["valid_accuracy"] <= 1
    for said in (
        f"accuracy {run.training['valid_accuracy']:.3f} on {dataset.splits['valid']} products",
        f"{dataset.splits['train']} train, {dataset.splits['valid']} valid",
        "bakery, dairy eggs, frozen, pets",
        "by `token_set`, so no test name is a training name",
        run.fingerprint,
        "## Limits",
        "no licence of others applies",
        'from_pretrained(\n    ".", num_labels=4\n)',
    ):
        assert said in text, said
    assert front(text)["library_name"] == "peft"
    assert "license" not in front(text)


@pytest.mark.parametrize(
    ("base", "identifier", "heading", "notice"),
    [
        ("NousResearch/Llama-2-7b-chat-hf", "llama2", "# A shelftag", "LLAMA 2 Community License"),
        ("meta-llama/Meta-Llama-3-8B", "llama3", "# Llama 3 shelftag", "Built with Meta Llama 3"),
        ("meta-llama/Llama-3.1-8B", "llama3.1", "# Llama shelftag", "Built with Llama. Llama 3.1"),
        ("someone/my-llama-3.2-1b-tuned", "llama3.2", "# Llama shelftag", "Llama 3.2 is licensed"),
        ("HuggingFaceTB/SmolLM2-135M", "apache-2.0", "# A shelftag", "Apache License 2.0"),
        ("Qwen/Qwen3-0.6B", "apache-2.0", "# A shelftag", "Apache License 2.0"),
        ("someone/Qwen3-0.6B-tuned", "other", "# A shelftag", "look at the base's own card"),
        ("meta-llama/Llama-3.9-8B", "other", "# A shelftag", "look at the base's own card"),
    ],
)
def test_a_base_s_licence_is_honoured(
    tiny_dataset: Dataset, tiny_run: Run, base: str, identifier: str, heading: str, notice: str
) -> None:
    manifest = tiny_run.manifest().model_copy(update={"base": base})
    for text in (card(tiny_dataset, tiny_run, base), merged_card(manifest, "bfloat16")):
        assert front(text)["license"] == identifier
        assert front(text)["base_model"] == base
        assert f"\n{heading}" in text
        assert notice in text


def test_llama_2_s_notice_is_word_for_word() -> None:
    """https://ai.meta.com/llama/license/, 1.b.ii"""
    assert licence_of("/models/Llama-2-7b").notice.startswith(
        "Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta Platforms, "
        "Inc. All Rights Reserved."
    )


def test_a_local_base_is_shown_by_its_name_only(tiny_dataset: Dataset, tiny_run: Run) -> None:
    text = card(tiny_dataset, tiny_run, "/home/someone/models/base-7b")
    assert "- base: `base-7b`" in text
    assert "/home" not in text
    assert "base_model" not in front(text)


def test_a_calibration_of_version_1_has_a_card_too(tiny_dataset: Dataset, tiny_run: Run) -> None:
    first = Calibration(
        version=1,
        departments="d",
        temperature=1.2,
        threshold=0.9,
        target_precision=0.98,
        fitted_on={},
    )
    text = model_card(tiny_run.manifest(), tiny_dataset.manifest(), first)
    assert "candidates: none were fitted" in text
    assert "confidence 0.9 is set for a precision of 0.98, nominally" in text

"""Bases that cannot work are refused by name, before any work."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from shelftag.artifacts import Run
from shelftag.catalog.departments import Departments
from shelftag.errors import ArtifactError, ConfigError
from shelftag.model.adapter import load_adapted
from shelftag.model.base import check_base, frozen_form, load_base, trained_form
from shelftag.tagging.identity import read_departments
from tests import tiny


def check(base: Path | str, *overrides: str) -> None:
    config = tiny.config(f"model.base={base}", *overrides)
    check_base(str(base), config.model, config.train)


@pytest.fixture
def base(tiny_base: Path, tmp_path: Path) -> Path:
    """A copy, to be spoiled."""
    return copytree(tiny_base, tmp_path / "base")


def remove_tokenizer(base: Path) -> None:
    for file in base.glob("token*"):
        file.unlink()


def test_a_whole_base_is_taken(base: Path) -> None:
    check(base)


def test_an_unknown_base() -> None:
    with pytest.raises(ConfigError, match=r"model\.base = '/nope' cannot be loaded"):
        check("/nope")


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_a_base_without_a_tokenizer(base: Path, kind: str) -> None:
    """Of some kinds transformers makes an empty one up, of others it raises."""
    remove_tokenizer(base)
    tree = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(tree | {"model_type": kind}))
    with pytest.raises(ConfigError, match=r"has no tokenizer.*add the files") as refused:
        check(base)
    assert "\n" not in str(refused.value)


def test_a_tokenizer_without_a_token_to_pad_with(base: Path) -> None:
    file = base / "tokenizer_config.json"
    tree = json.loads(file.read_text())
    for name in ("pad_token", "unk_token", "bos_token"):
        tree.pop(name)
    file.write_text(json.dumps(tree))
    (base / "special_tokens_map.json").unlink(missing_ok=True)
    with pytest.raises(ConfigError, match=r"no token to pad with .* add a pad token"):
        check(base)


def test_an_adapter_is_no_base(tiny_run: Run) -> None:
    with pytest.raises(ConfigError, match=r"is an adapter, of the base '\.\./base'"):
        check(tiny_run.adapter_dir)


def test_longer_inputs_than_the_base_has_positions(base: Path) -> None:
    check(base, "model.max_length=512")
    with pytest.raises(ConfigError, match=r"max_length = 513 .* 512 positions: set model\.max_l"):
        check(base, "model.max_length=513")


def test_an_adapter_of_another_base(tiny_run: Run, tmp_path: Path) -> None:
    run = Run(copytree(tiny_run.path, tmp_path / "run"))
    departments = read_departments(run)
    form = frozen_form(tiny.CONFIG.model, tiny.CONFIG.train, use_gpu=False)
    load_adapted(run.adapter_dir, departments, form)
    other = tiny.config("model.nano.hidden_size=64", "model.nano.pretrain_epochs=0")
    from shelftag.training.pretrain import make_base

    texts = ["rye bread", "bagel"]
    make_base(texts, departments, other.model.nano, 0, run.base_dir, lambda *_: None)
    with pytest.raises(ArtifactError, match=r"does not fit the base .* trained on another: put"):
        load_adapted(run.adapter_dir, departments, form)


@pytest.mark.parametrize("storage", ["float32", "bfloat16", None])
def test_storage_changes_no_answer(base: Path, storage: str | None) -> None:
    import torch

    departments = Departments(("a", "b"))
    config = tiny.config(f"model.quant_storage={storage or 'null'}")
    logits = []
    for model in (tiny.CONFIG.model, config.model):
        torch.manual_seed(0)  # the head is random
        form = trained_form(model, config.train, use_gpu=False)
        loaded = load_base(base, departments, form, "cpu")
        logits.append(loaded(input_ids=torch.tensor([[5, 6, 7]])).logits)
    packed = loaded.model.layers[0].mlp.up_proj.weight
    assert packed.dtype == getattr(torch, storage or "uint8")
    torch.testing.assert_close(logits[0], logits[1])


def test_attention_is_torch_s_own(base: Path) -> None:
    """SDPA: no scores of all pairs of tokens are kept."""
    form = trained_form(tiny.CONFIG.model, tiny.CONFIG.train, use_gpu=False)
    loaded = load_base(base, Departments(("a", "b")), form, "cpu")
    assert loaded.config._attn_implementation == "sdpa"

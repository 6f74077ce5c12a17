"""Several adapters over one base: the same answers as over a base each."""

import gc
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run
from shelftag.errors import ArtifactError
from shelftag.model import shared
from shelftag.model.shared import SharedBases, base_key
from shelftag.model.tokens import load_tokenizer
from shelftag.tagging.identity import check_run
from shelftag.tagging.scorer import Scorer
from shelftag.tagging.tagger import load_scorer
from tests import tiny

NAMES = ["rye bread", "organic milk", "cat litter", "ice cream", "golden pita twin pack"]


@pytest.fixture(scope="module")
def other_run(
    tiny_dataset: Dataset, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Another Run over the base of `tiny_run`."""
    folder = tmp_path_factory.mktemp("other") / "run"
    return tiny.train(tiny_dataset, tiny_base, folder, tiny.config("train.seed=7"))


def logits(run: Run, bases: SharedBases, *, merged: bool = False) -> NDArray[np.float32]:
    return scorer(run, bases, merged=merged).logits(NAMES)


def scorer(run: Run, bases: SharedBases, *, merged: bool = False) -> Scorer:
    checked = check_run(run)
    form = replace(checked.form, merged=merged, linear_weight=0.0)
    loaded = load_scorer(run, checked.departments, form, 2, bases)
    assert isinstance(loaded, Scorer)
    return loaded


@pytest.mark.filterwarnings("ignore:Adapter .* was active which is now deleted")
def test_adapters_over_one_base_answer_as_alone(tiny_run: Run, other_run: Run) -> None:
    alone = [logits(run, SharedBases()) for run in (tiny_run, other_run)]
    assert not np.allclose(alone[0], alone[1])
    bases = SharedBases()
    first, second = scorer(tiny_run, bases), scorer(other_run, bases)
    for _ in range(2):
        np.testing.assert_array_equal(first.logits(NAMES), alone[0])
        np.testing.assert_array_equal(second.logits(NAMES), alone[1])
    del first
    gc.collect()
    third = scorer(other_run, bases)  # where one has gone, the others answer as before
    np.testing.assert_array_equal(third.logits(NAMES), alone[1])
    np.testing.assert_array_equal(second.logits(NAMES), alone[1])


def test_one_base_is_in_memory_and_goes_with_its_last_adapter(
    tiny_run: Run, other_run: Run
) -> None:
    bases = SharedBases()
    held = [scorer(run, bases) for run in (tiny_run, other_run)]
    assert len(bases._held) == 1
    del held
    gc.collect()
    assert len(bases._held) == 0


def test_a_merged_form_shares_nothing(tiny_run: Run) -> None:
    bases = SharedBases()
    held = scorer(tiny_run, bases, merged=True)
    assert held
    assert len(bases._held) == 0


def test_only_the_same_base_in_the_same_form_is_shared(
    tiny_run: Run, other_run: Run, tmp_path: Path
) -> None:
    checked = check_run(tiny_run)
    form = replace(checked.form, merged=False)
    key = base_key(tiny_run.adapter_dir, checked.departments, form, 0)
    shorter = replace(form, max_length=9)
    assert key == base_key(other_run.adapter_dir, checked.departments, shorter, 0)
    whole = replace(form, quantization="none")
    assert key != base_key(tiny_run.adapter_dir, checked.departments, whole, 0)
    assert key != base_key(tiny_run.adapter_dir, checked.departments, form, 1)  # in its config
    changed = Run(copytree(tiny_run.path, tmp_path / "run"))
    weights = changed.base_dir / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert key != base_key(changed.adapter_dir, checked.departments, form, 0)


def test_a_base_is_read_once_and_again_when_it_was_written(
    tiny_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(copytree(tiny_run.path, tmp_path / "run"))
    checked, weights = check_run(run), run.base_dir / "model.safetensors"
    of = run.adapter_dir, checked.departments, replace(checked.form, merged=False), 0
    read_bytes = Path.read_bytes

    def small(file: Path) -> bytes:
        assert file.suffix != ".safetensors", f"{file} whole in memory"
        return read_bytes(file)

    monkeypatch.setattr(Path, "read_bytes", small)
    key, read = base_key(*of), shared._digest.cache_info().misses
    assert base_key(*of) == key
    assert shared._digest.cache_info().misses == read
    with weights.open("r+b") as file:  # as long, in place
        file.seek(-1, 2)
        file.write(b"\1")
    assert base_key(*of) != key
    assert shared._digest.cache_info().misses == read + 1


def test_a_foreign_adapter_is_refused_and_the_others_go_on(tiny_run: Run, tmp_path: Path) -> None:
    bases = SharedBases()
    first = scorer(tiny_run, bases)
    before = first.logits(NAMES)
    foreign = Run(copytree(tiny_run.path, tmp_path / "run"))
    config = foreign.adapter_dir / "adapter_config.json"
    config.write_text(config.read_text().replace('"r": 4', '"r": 8'))
    checked = check_run(tiny_run)
    form = replace(checked.form, merged=False)
    pad = load_tokenizer(tiny_run.adapter_dir).pad_token_id
    with pytest.raises(ArtifactError, match="does not fit the base"):
        bases.load(foreign.adapter_dir, checked.departments, form, pad)
    np.testing.assert_array_equal(first.logits(NAMES), before)

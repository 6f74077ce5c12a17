"""The adapter folder is PEFT's own: it loads where shelftag is not."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from shelftag.artifacts import Dataset, Run
from shelftag.catalog.text import text
from shelftag.model.adapter import name_base
from shelftag.tagging.identity import check_run
from shelftag.tagging.tagger import load_scorer
from tests import tiny

NAMES = ["Organic Rye Bread", "Classic Milk 500 g", "Cat Litter", "Spicy Frozen Pizza Twin Pack"]

PLAIN = """
import json, sys
for ours in ("shelftag", "pipelines", "serve", "cluster"):
    sys.modules[ours] = None  # an import of it raises
from peft import AutoPeftModelForSequenceClassification, PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer
adapter, base, texts, labels = json.loads(sys.stdin.read())
if base:
    whole = AutoModelForSequenceClassification.from_pretrained(base, num_labels=labels)
    model = PeftModel.from_pretrained(whole, adapter)
else:
    model = AutoPeftModelForSequenceClassification.from_pretrained(adapter, num_labels=labels)
tokenizer = AutoTokenizer.from_pretrained(adapter)
model.eval()
logits = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits
print(json.dumps(logits.tolist()))
print(json.dumps(model.config.id2label))
"""


def plain(adapter: str, cwd: Path, base: str | None = None) -> tuple[np.ndarray, dict[str, str]]:
    """Logits [names, departments] and labels, from a process that knows no shelftag."""
    given = json.dumps([adapter, base, [text(name) for name in NAMES], len(tiny.NOUNS)])
    done = subprocess.run(
        [sys.executable, "-I", "-c", PLAIN],
        cwd=cwd,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    logits, labels = done.stdout.strip().splitlines()[-2:]
    return np.array(json.loads(logits), np.float32), json.loads(labels)


@pytest.fixture(scope="module")
def expected(tiny_run: Run) -> np.ndarray:
    """The Scorer's own, in the form that plain PEFT has: base in float32, adapter beside it."""
    checked = check_run(tiny_run)
    form = replace(
        checked.form, quantization="none", dtype="float32", merged=False, linear_weight=0.0
    )
    scorer = load_scorer(tiny_run, checked.departments, form, batch_size=8)
    return scorer.logits([text(name) for name in NAMES])


def test_plain_peft_gives_the_scorer_s_logits(tiny_run: Run, expected: np.ndarray) -> None:
    logits, labels = plain(".", tiny_run.adapter_dir)
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert [labels[str(i)] for i in range(4)] == sorted(tiny.NOUNS)


def test_a_made_base_is_named_where_the_folder_is_not_the_working_one(
    tiny_run: Run, expected: np.ndarray, tmp_path: Path
) -> None:
    logits, _ = plain(str(tiny_run.adapter_dir), tmp_path, base=str(tiny_run.base_dir))
    np.testing.assert_allclose(logits, expected, atol=1e-4)


@pytest.mark.slow
def test_a_base_of_one_s_own_is_found_from_anywhere(
    tiny_run: Run, tiny_base: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    adapter = copytree(tiny_run.adapter_dir, tmp_path / "adapter")
    name_base(adapter, str(tiny_base))
    logits, _ = plain(str(adapter), tmp_path)
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_the_folder_has_all_that_belongs_to_an_adapter(
    tiny_run: Run, tiny_dataset: Dataset
) -> None:
    assert {file.name for file in tiny_run.adapter_dir.iterdir()} == {
        *("adapter_config.json", "adapter_model.safetensors"),
        *("tokenizer.json", "tokenizer_config.json"),
        *("README.md", "departments.json", "calibration.json"),
    }
    assert tuple(check_run(tiny_run).departments.names) == tiny_dataset.manifest().departments

"""`shelftag export --merge`: a whole 16-bit model that plain transformers loads."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from pipelines.__main__ import main as shelftag
from pipelines.export import export
from shelftag.artifacts import Dataset, Exported, Run, read_json
from shelftag.config.tagging import TaggingConfig
from shelftag.errors import ArtifactError, ConfigError
from shelftag.tagging.tagger import Tagger
from shelftag.training.examples import texts_of
from tests import tiny

PLAIN = """
import json, sys
for ours in ("shelftag", "pipelines", "serve", "cluster", "peft"):
    sys.modules[ours] = None  # an import of it raises
from transformers import AutoModelForSequenceClassification, AutoTokenizer
model = AutoModelForSequenceClassification.from_pretrained(".")
tokenizer = AutoTokenizer.from_pretrained(".")
batch = tokenizer(json.loads(sys.stdin.read()), padding=True, return_tensors="pt")
logits = model.eval()(**batch).logits
departments = [model.config.id2label[i] for i in logits.argmax(dim=1).tolist()]
print(json.dumps([str(model.dtype), logits.tolist(), departments]))
"""


def plain(folder: Path, texts: list[str]) -> tuple[str, np.ndarray, list[str]]:
    """dtype, logits and departments, from a process that knows neither shelftag nor peft."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", PLAIN],
        cwd=folder,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
        env={"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    dtype, logits, departments = json.loads(done.stdout.strip().splitlines()[-1])
    return dtype, np.array(logits, np.float32), departments


def all_texts(dataset: Dataset) -> list[str]:
    return texts_of(pq.read_table(dataset.products_file))


def test_plain_transformers_loads_it_and_agrees(
    tiny_run: Run, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    """All 560 names: the NF4 base of the Run and the 16-bit one differ, departments hardly."""
    out = Exported(tmp_path / "model")
    manifest = export(tiny_run, out, "bfloat16")
    texts = all_texts(tiny_dataset)
    loaded, _, departments = plain(out.path, texts)
    assert loaded == "torch.bfloat16"
    own = [tag.department for tag in Tagger.load(tiny_run, TaggingConfig()).tag(texts)]
    agreement = np.mean([one == other for one, other in zip(departments, own, strict=True)])
    assert agreement >= 0.98, agreement
    assert out.manifest() == manifest
    assert manifest.run == tiny_run.manifest().fingerprint


def test_the_base_is_not_merged_in_four_bits(tiny_run: Run, tmp_path: Path) -> None:
    """Every adapted weight is base + alpha / r * B A, but for the rounding of float16."""
    out = Exported(tmp_path / "model")
    export(tiny_run, out, "float16")
    merged = load_file(out.path / "model.safetensors")
    base = load_file(tiny_run.base_dir / "model.safetensors")
    adapter = load_file(tiny_run.adapter_dir / "adapter_model.safetensors")
    scale = tiny.CONFIG.model.lora.alpha / tiny.CONFIG.model.lora.r
    adapted = [name for name in adapter if name.endswith(".lora_A.weight")]
    assert len(adapted) == 7  # linear layers of the one block
    for name in adapted:
        b_times_a = adapter[name.replace("lora_A", "lora_B")] @ adapter[name]
        plain_name = name.removeprefix("base_model.model.").replace("lora_A.", "")
        expected = base[plain_name] + scale * b_times_a
        assert b_times_a.abs().max() > 0
        torch.testing.assert_close(merged[plain_name].float(), expected, rtol=2e-3, atol=1e-4)


def test_the_command_leaves_what_belongs_to_a_model(
    tiny_run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    words = ["export", "--run", str(tiny_run.path), "--out", str(out)]
    assert shelftag(words) == 2
    assert "without --merge" in capsys.readouterr().err
    assert not out.exists()
    words.append("--merge")
    assert shelftag([*words, "--dtype", "float32"]) == 2
    assert "--dtype float32 is not one of bfloat16, float16" in capsys.readouterr().err
    assert shelftag(words) == 0
    assert "in bfloat16" in capsys.readouterr().out
    assert {file.name for file in out.iterdir()} == {
        *("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"),
        *("departments.json", "calibration.json", "README.md", "manifest.json"),
    }
    config = read_json(out / "config.json")
    assert list(config["id2label"].values()) == sorted(tiny.NOUNS)
    assert "quantization_config" not in config
    assert str(tiny_run.path) not in (out / "config.json").read_text()
    assert "bfloat16" in (out / "README.md").read_text()
    assert shelftag(words) == 2
    assert "is there already" in capsys.readouterr().err
    (out / "model-00002-of-00002.safetensors").write_bytes(b"of a larger model")
    assert shelftag([*words, "--overwrite"]) == 0
    assert [file.name for file in out.glob("*.safetensors")] == ["model.safetensors"]


def test_a_changed_run_is_not_exported(tiny_run: Run, tmp_path: Path) -> None:
    changed = Run(copytree(tiny_run.path, tmp_path / "run"))
    (changed.adapter_dir / "departments.json").write_text('{"departments": ["x"]}')
    with pytest.raises(ArtifactError):
        export(changed, Exported(tmp_path / "model"), "bfloat16")
    assert not (tmp_path / "model").exists()


def test_foreign_files_are_kept(tiny_run: Run, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="holds files that are not"):
        export(tiny_run, Exported(tmp_path), "bfloat16", overwrite=True)
    with pytest.raises(ConfigError, match="not one of"):
        export(tiny_run, Exported(tmp_path), "int8")

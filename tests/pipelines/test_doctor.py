"""`doctor` from the terminal: a table, yes or no, and what to add."""

import subprocess
import sys

import pytest

from pipelines.__main__ import main
from tests.presets import FOLDER

LARGE = ("train.per_device_train_batch_size=512", "model.max_length=512")


def doctor(*words: str) -> int:
    return main(["doctor", *words])


def test_a_preset_on_its_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--config", "llama2_7b_t4", "--gpu", "t4") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("NousResearch/Llama-2-7b-chat-hf: 6,738 million parameters, nf4")
    parts = [line.split()[0] for line in shown[1:-1]]
    assert parts == [
        *("weights", "adapter", "gradients", "optimizer", "activations", "load", "peak"),
        "usable",
    ]
    assert shown[-1] == "yes: it fits on 1 x t4"


def test_every_gpu_without_one_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--config", "llama3_8b_24gb") == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    assert lines[0].split() == (
        ["t4", "14.0", "GiB", "no", "(bf16);", "add", "train.fp16=true", "train.bf16=false"]
    )
    assert [line.split()[0] for line in lines if line.endswith("yes")] == [
        *("l4", "a10g", "a100-40", "a100-80", "h100", "h200")
    ]


def test_no_and_what_would(capsys: pytest.CaptureFixture[str]) -> None:
    """What is proposed is typed after the same command, which then says yes."""
    words = ("--config", "llama2_7b_t4", "--gpu", "t4", *LARGE)
    assert doctor(*words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("shelftag: it does not work on 1 x t4 (it needs ")
    _, _, proposed = line.partition(": add ")
    assert "train.per_device_train_batch_size=" in proposed
    assert doctor(*words[:4], *LARGE[1:], *proposed.split()) == 0


def test_offloading_says_what_cpu_memory_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--config", "llama2_70b_zero3", "--gpu", "l4", "--gpus", "8") == 1
    assert "scaling.offload=true (1" in capsys.readouterr().err
    assert doctor("--config", "llama2_70b_lora_zero3_offload", "--gpu", "l4") == 0
    assert "CPU memory for what is offloaded" in capsys.readouterr().out


def test_this_machine_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor() == 0
    assert capsys.readouterr().out.endswith("yes: it fits on this machine\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--gpu", "rtx"), "--gpu rtx is not known"),
        (("--gpus", "0"), "scaling.workers = '0'"),
        (("model.base=nobody/nothing",), "'nobody/nothing' is not known here"),
        (("model.max_length=513",), "max_length of nano is at most 512"),
        (("model.quantization=none", "model.quant_storage=float32"), "quant_storage is for"),
    ],
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    assert doctor(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


def test_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pipelines.__main__ import main\n"
        "main(['doctor', '--config', 'llama2_70b_zero3']); print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"torch", "ray", "transformers"} & set(shown.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("name", "gpu"),
    [
        ("llama2_7b_t4", "t4"),
        ("llama3_8b_24gb", "l4"),
        ("llama3_8b_24gb", "a10g"),
        ("llama2_70b_zero3", "a100-80"),
        ("llama2_70b_zero3", "a100-40"),
        ("llama2_70b_lora_zero3_offload", "a10g"),
    ],
)
def test_presets_fit_where_they_say(name: str, gpu: str) -> None:
    assert doctor("--config", name, "--gpu", gpu) == 0


@pytest.mark.parametrize("name", ["nano_cpu", "smollm2_360m", "qwen3_0_6b"])
def test_presets_without_a_gpu_take_less_than_8_gib(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert doctor("--config", name) == 0
    (peak,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  peak")]
    assert float(peak.split()[1]) < 8


def test_a_free_t4_and_70b_differ_in_a_few_lines() -> None:
    for file in FOLDER.glob("llama*_*.yaml"):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        assert len(lines) <= 14 or file.stem == "llama2_7b_t4"

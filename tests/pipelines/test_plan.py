"""`plan` from the terminal: numbers as people write them, a table, and cluster/SCALING.md by it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.__main__ import main

SCALING = Path(__file__).parents[2] / "cluster" / "SCALING.md"
SHOWN = re.compile(r"^```console\n\$ shelftag (plan[^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def plan(*words: str) -> int:
    return main(["plan", *words])


def test_a_table_a_bottleneck_and_what_it_rests_on(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--skus", "1e9", "--model", "7b", "--gpu", "l4", "--count", "64", "--local")
    assert plan(*words) == 0
    shown = capsys.readouterr().out
    for stage in ("prepare", "train", "evaluate", "tag", "serve:"):
        assert re.search(rf"^ *{stage} ", shown, re.MULTILINE)
    assert "1 billion SKUs, 1 billion distinct names" in shown
    assert "bottleneck: tag, " in shown
    assert "to halve it: --count 128, at the same cost" in shown
    assert "share of the peak where power caps the clock (T4, L4): 0.15 / 0.25 / 0.37" in shown


def test_numbers_as_people_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--skus", "5_000_000", "--names", "2e6") == 0
    assert "5 million SKUs, 2 million distinct names" in capsys.readouterr().out


def test_a_price_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--gpu", "t4", "--model", "7b", "--price", "0.2") == 0
    assert "$0.2 an hour each" in capsys.readouterr().out


def test_a_config_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: llama2_7b_t4\ntrain: {per_device_train_batch_size: 32}\n")
    assert plan("--config", str(file), "--gpu", "t4") == 0
    assert "NousResearch/Llama-2-7b-chat-hf" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--skus", "many"), "--skus many is not a number"),
        (("--skus", "0"), "--skus 0 must be from 1"),
        (("--skus", "1.5"), "--skus 1.5 is not a whole number"),
        (("--skus", "nan"), "--skus nan must be"),
        (("--skus", "1e30"), "--skus 1e30 must be"),
        (("--skus", "10", "--names", "11"), "--names 11 is more than --skus 10"),
        (("--count", "-2"), "--count -2 must be from 1"),
        (("--price", "-1"), "--price -1 must be from 0"),
        (("--model", "13b"), "name one of nano, 360m, 0.6b, 7b, 8b, 70b"),
        (("--model", "7b", "--config", "paper"), "--model 7b and --config paper are two configs"),
        (("--gpu", "rtx"), "name one of cpu, t4, l4, a10g, a100-40, a100-80, h100, h200"),
        (("model.base=nobody/nothing",), "'nobody/nothing' is not known here"),
    ],
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    assert plan(*words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line


def test_what_does_not_fit_is_one_line_with_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan("--model", "70b", "--gpu", "l4", "--count", "64") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("take --gpu a100-40, a100-80, h100, h200")


@pytest.mark.parametrize("model", ["nano", "360m", "0.6b", "7b", "8b", "70b"])
def test_every_model_that_help_names_is_planned(model: str) -> None:
    assert plan("--model", model, "--gpu", "a100-80", "--count", "8") == 0


def test_it_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pipelines.__main__ import main\n"
        "main(['plan', '--model', '7b', '--gpu', 'l4']); print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"torch", "ray", "transformers"} & set(shown.stdout.splitlines()[-1].split())


def test_scaling_shows_what_its_commands_print(capsys: pytest.CaptureFixture[str]) -> None:
    """Each block of cluster/SCALING.md that begins with the command, run again."""
    blocks = SHOWN.findall(SCALING.read_text(encoding="utf-8"))
    assert len(blocks) >= 7
    for command, expected in blocks:
        assert main(shlex.split(command)) == 0
        assert _lines(capsys.readouterr().out) == _lines(expected), command


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]

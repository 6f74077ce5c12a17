"""What a person at a terminal meets: help at once, one clear line for a mistake, exit codes."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.__main__ import main
from pipelines.verbs import VERBS
from shelftag.artifacts import Dataset, Run

ROOT = Path(__file__).parents[1]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line a refused command prints."""
    assert main(list(words)) == 2
    shown = capsys.readouterr()
    (line,) = shown.err.strip().splitlines()
    return line


@pytest.mark.parametrize("words", [[], *([verb] for verb in VERBS)], ids=" ".join)
def test_help_has_examples(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*words, "--help"])
    assert stop.value.code == 0
    assert "examples:\n  shelftag" in capsys.readouterr().out


def test_help_answers_at_once() -> None:
    """The best of five: the machine may be busy, the imports may not be many."""
    script = str(Path(sys.executable).parent / "shelftag")
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([script, "--help"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.5


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, pipelines.__main__ as m; m.parser().format_help(); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"torch", "ray", "transformers", "pyarrow", "pydantic"} & set(shown.stdout.split())


def test_dry_run_prints_the_resolved_config(capsys: pytest.CaptureFixture[str]) -> None:
    words = "train --dataset d train.seed=5 --config llama2_7b_t4 --out r train.epochs=2 --dry-run"
    assert main(words.split()) == 0
    shown = capsys.readouterr().out
    for line in ("seed: 5", "epochs: 2.0", "base: NousResearch/Llama-2-7b-chat-hf"):
        assert line in shown


def test_options_and_settings_in_any_order(capsys: pytest.CaptureFixture[str]) -> None:
    words = "train train.seed=5 --dataset d train.epochs=2 --out r --dry-run"
    assert main(words.split()) == 0
    assert "epochs: 2.0" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["train", "--dataset", "d", "--out", "r", "--dryrun"])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("train --dataset nowhere --out r", "nowhere is not a folder"),
        ("train --dataset nowhere", "--out RUN"),
        ("train --dataset d --out r train.epoch=1", "'train.epoch' is unknown"),
        ("train --dataset d --out r --config nothing.yaml", "nothing.yaml cannot be read"),
        ("evaluate --run nowhere --dataset nowhere", "nowhere is not a folder"),
        ("prepare --tables t --out s3://b/d", "--out s3:/b/d is a URI, and must be a folder"),
        ("train --dataset d --out s3://b/r", "--out s3://b/r is a URI, and must be a folder"),
        ("compare nowhere elsewhere", "nowhere is not a folder"),
        ("drift nowhere --run nowhere", "nowhere is not a folder"),
        ("tag --run nowhere --input x.csv --out o", "nowhere is not a folder"),
        ("serve --run nowhere", "nowhere is not a folder"),
        ("prepare --tables nowhere --out o", "nowhere"),
        ("synthesize --out o --catalog nowhere", "nowhere"),
        ("synthesize --out o --lines few", "synthesis.lines = 'few'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    words: str,
    expected: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert expected in refused(capsys, *words.split())
    assert not list(tmp_path.iterdir())


def test_a_run_is_not_written_over(
    capsys: pytest.CaptureFixture[str], tiny_dataset: Dataset, tiny_run: Run, tmp_path: Path
) -> None:
    dataset = ("--dataset", str(tiny_dataset.path))
    line = refused(capsys, "train", *dataset, "--out", str(tiny_run.path))
    assert "is there already" in line
    (tmp_path / "thesis.txt").write_text("mine")
    line = refused(capsys, "train", *dataset, "--out", str(tmp_path), "--overwrite")
    assert "holds files that are not" in line
    assert (tmp_path / "thesis.txt").exists()


def test_float16_without_a_gpu_is_refused(
    capsys: pytest.CaptureFixture[str], tiny_dataset: Dataset, tmp_path: Path
) -> None:
    out = str(tmp_path / "run")
    words = ("train", "--dataset", str(tiny_dataset.path), "--out", out, "train.fp16=true")
    assert "train.fp16" in refused(capsys, *words)


def test_every_verb_and_option_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for name, verb in VERBS.items():
        assert f"shelftag {name}" in readme
        for option in verb.options:
            written = option.name.upper() if option.positional else f"--{option.name}"
            assert written in readme, f"{name} {written}"


def test_commands_in_the_readme_parse(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^shelftag (.+?)(?:\s+#.*)?$", readme, re.MULTILINE)
    assert len(commands) > 6
    for command in commands:
        assert main([*command.split(), "--dry-run"]) == 0, command
    capsys.readouterr()

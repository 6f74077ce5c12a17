"""What a progress file holds, and the line that is made of it."""

from pathlib import Path

from shelftag.artifacts import read_json
from shelftag.training.progress import Pace, line


def test_a_line_has_all_figures(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "progress.json", "train", first_step=20)
    more = {
        "learning_rate": 1.5e-4,
        "tokens_per_s": 12_345.0,
        "names_per_s": 1_234.5,
        "memory_gb": 1.25,
    }
    pace(40, 40, 0.1234567, more)
    state = read_json(tmp_path / "progress.json")
    rate = state["steps_per_s"]
    assert line(state) == (
        f"  train 40/40 (from step 20)  loss 0.1235  lr 1.50e-04  {rate:,.2f} steps/s"
        "  12,345 tokens/s  1,234 names/s  1.2 GB  0 s left"
    )


def test_a_stage_without_further_figures(tmp_path: Path) -> None:
    Pace(tmp_path / "progress.json", "base")(5, 5, 1.0)
    state = read_json(tmp_path / "progress.json")
    assert line(state).startswith("  base 5/5  loss 1  ")
    assert "tokens" not in line(state)


def test_the_last_step_is_written_however_soon_it_comes(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "progress.json", "train")
    for step in (1, 2, 3):
        pace(step, 3, 1.0)
    assert read_json(tmp_path / "progress.json")["step"] == 3

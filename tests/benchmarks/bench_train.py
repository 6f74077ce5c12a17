"""Fine-tuning beside the bare Hugging Face Trainer and TRL: `make bench-train`.

The same nano base, names and batch size, a thread each, three ways in turns, round by round:

    ours         a Ray Train worker, fed by Ray Data, reporting to Ray
    hf_trainer   transformers.Trainer in one process, DataCollatorWithPadding, group_by_length
    trl_padded   trl.SFTTrainer on prompt and completion, as its documentation shows it

The first two train one and the same model. SFTTrainer trains a causal one: it predicts a token of
the whole vocabulary, and its batches have the completion beside the name. Only real tokens are
counted, not padding; a step's time is that from the end of one step to the end of the next.

    python -m tests.benchmarks.bench_train --steps 20 --rounds 1
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shelftag.artifacts import Dataset, read_json, write_json
from shelftag.config import Config
from tests.benchmarks.quiet import WORK, made_tables, say
from tests.benchmarks.results import machine
from tests.benchmarks.train_paths import HF, OURS, PATHS, TRL, run_path

LINES = 1_000_000

Speeds = dict[str, list[dict[str, float]]]
"""Path -> the figures of each round."""


def main() -> None:
    """Run the rounds, print the table and one JSON line; or, with `--path`, one run of one."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=WORK)
    options.add_argument("--steps", type=int, default=60)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--path", choices=PATHS)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    if chosen.path:
        dataset, base = Dataset(chosen.work / f"train-{LINES}"), chosen.work / "train-base"
        write_json(chosen.out, run_path(chosen.path, dataset, str(base), chosen.steps))
        return
    _prepare(chosen.work)
    speeds: Speeds = {path: [] for path in PATHS}
    for number in range(chosen.rounds):
        for path in PATHS:
            speeds[path].append(_run(path, chosen.work, chosen.steps))
            say(f"round {number + 1}: {path}: {speeds[path][-1]}")
    _report(speeds)


def figures(speeds: Speeds) -> dict[str, Any]:
    """Medians, and ratios of medians, of tokens and of names a second."""

    def median(path: str, name: str) -> float:
        return statistics.median(run[name] for run in speeds[path])

    found: dict[str, Any] = {
        name: round(median(OURS, name), 1) for name in ("tokens_per_s", "names_per_s")
    }
    for other in (HF, TRL):
        for name, what in (("tokens_per_s", ""), ("names_per_s", "_names")):
            ratio = median(OURS, name) / median(other, name)
            found[f"ratio_{other}{what}"] = round(ratio, 3)
    return found | {"rounds": speeds}


def _report(speeds: Speeds) -> None:
    found = figures(speeds)
    print(f"{'':14}{'tokens/s':>12}{'names/s':>12}{'seconds in all':>16}")
    for path, runs in speeds.items():
        names = ("tokens_per_s", "names_per_s", "seconds")
        tokens, rows, seconds = (statistics.median(run[name] for run in runs) for name in names)
        print(f"{path:14}{tokens:12,.0f}{rows:12,.0f}{seconds:16.1f}")
    print(machine())
    print(json.dumps(found))


def _run(path: str, work: Path, steps: int) -> dict[str, float]:
    """A fresh process."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "speed.json"
        words = ("--path", path, "--work", str(work), "--steps", str(steps), "--out", str(out))
        command = (sys.executable, "-m", "tests.benchmarks.bench_train", *words)
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=sys.stderr)
        return read_json(out) | {"seconds": round(time.perf_counter() - started, 1)}


def _prepare(work: Path) -> None:
    """A Dataset of made tables, and a nano base of its names."""
    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples
    from shelftag.training.pretrain import make_base

    dataset = Dataset(work / f"train-{LINES}")
    if not dataset.is_complete:
        command = ("prepare", "--tables", str(made_tables(work, LINES)), "--out", str(dataset.path))
        subprocess.run([sys.executable, "-m", "pipelines", *command], check=True, stdout=sys.stderr)
    if not (base := work / "train-base").is_dir():
        departments = Departments(dataset.manifest().departments)
        texts = read_examples(dataset, departments, "train", count_alpha=0.0).texts
        draft = base.with_suffix(".draft")
        make_base(texts, departments, Config().model.nano, 0, draft, lambda *_: None)
        draft.replace(base)


if __name__ == "__main__":
    main()

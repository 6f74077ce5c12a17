"""What each part of the nano tagger brings, on products never seen: `make bench-nano`.

Over a real catalog (SHELFTAG_REAL_CATALOG), else a made one of the same size. Every variant is
trained in full with each seed, one process and one thread for each, so that a busy neighbour costs
time and not accuracy. Results are kept in the work folder: a cut bench goes on where it was.

    python -m tests.benchmarks.bench_nano --work /tmp/bench --seeds 3 --jobs 2
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

VARIANTS: dict[str, tuple[str, tuple[str, ...]]] = {
    # name: (label set, settings)
    "as configured": ("21", ()),
    "full precision": ("21", ("model.quantization=none",)),
    "as configured, default labels": ("default", ()),
    "full precision, default labels": ("default", ("model.quantization=none",)),
    "head only": ("21", ("train.freeze=[lora_,embed_tokens,norm]",)),
    "names-pretrained base": ("21", ("model.nano.pretrain_epochs=3",)),
    "without LoRA": ("21", ("train.freeze=[lora_]",)),
}
LABEL_SETS = {"21": ("catalog.unlabelled=21",), "default": ()}


@dataclass(frozen=True)
class Trial:
    """One training run of the bench."""

    variant: str
    seed: int
    work: Path

    @property
    def result_file(self) -> Path:
        return self.work / "results" / f"{self.variant.replace(' ', '_')}-{self.seed}.json"


def main() -> None:
    """Prepare, train what is missing, print the table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=Path("build/bench-nano"))
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args()
    _prepare(chosen.work)
    trials = [Trial(v, seed, chosen.work) for v in VARIANTS for seed in range(chosen.seeds)]
    waiting = [trial for trial in trials if not trial.result_file.is_file()]
    with ProcessPoolExecutor(chosen.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        for number, line in enumerate(pool.map(run_trial, waiting), start=1):
            print(f"[{number}/{len(waiting)}] {line}", flush=True)
    _report(trials)


def _prepare(work: Path) -> None:
    catalog = os.environ.get("SHELFTAG_REAL_CATALOG")
    source = ("--catalog", catalog) if catalog else ()
    tables = work / "tables"
    if not (tables / "manifest.json").is_file():
        _shelftag("synthesize", "--out", str(tables), "--lines", "1000000", *source)
    for name, settings in LABEL_SETS.items():
        dataset = work / name
        if not (dataset / "manifest.json").is_file():
            _shelftag("prepare", "--tables", str(tables), "--out", str(dataset), *settings)


def _shelftag(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pipelines", *words], check=True)


def run_trial(trial: Trial) -> str:
    """Train, freeze, score the test split; returns the line that is printed."""
    from shelftag.artifacts import Dataset, write_json
    from shelftag.config import load_config
    from shelftag.model.runtime import set_up

    label_set, settings = VARIANTS[trial.variant]
    config = load_config(overrides=[*settings, f"train.seed={trial.seed}", "train.save_steps=9999"])
    set_up(threads=1)
    result = _train_and_score(config, Dataset(trial.work / label_set))
    write_json(trial.result_file, result)
    return f"{trial.variant}, seed {trial.seed}: {json.dumps(result)}"


def _train_and_score(config: Any, dataset: Any) -> dict[str, float]:
    from tempfile import TemporaryDirectory

    from shelftag.artifacts import Run
    from shelftag.catalog.departments import Departments
    from shelftag.config.tagging import TaggingConfig
    from shelftag.model.adapter import MADE_BASE
    from shelftag.model.linear import fit_linear
    from shelftag.tagging.tagger import Tagger
    from shelftag.training.examples import read_examples
    from shelftag.training.fit import fit
    from shelftag.training.freeze import freeze
    from shelftag.training.pretrain import make_base

    departments = Departments(dataset.manifest().departments)
    train, valid, test = (
        read_examples(dataset, departments, split, config.train.count_alpha)
        for split in ("train", "valid", "test")
    )
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "run")
        run.begin()
        started = time.perf_counter()
        nano, seed = config.model.nano, config.train.seed
        make_base(train.texts, departments, nano, seed, run.base_dir, lambda *_: None)
        fit(config, str(run.base_dir), departments, train, run.checkpoints_dir)
        took = time.perf_counter() - started
        (checkpoint,) = run.checkpoints_dir.glob("checkpoint-*")
        freeze(run, dataset, config, checkpoint, MADE_BASE, {})
        tagger = Tagger.load(run, TaggingConfig())
        linear = fit_linear(train.texts, train.labels, len(departments), seed)
        accuracy = {
            name: float((tagger.probabilities(rows.texts).argmax(axis=1) == rows.labels).mean())
            for name, rows in (("train", train), ("valid", valid), ("test", test))
        }
        correct = linear.predict(test.texts) == test.labels
        return {"seconds": round(took, 1), "linear": float(correct.mean()), **accuracy}


def _report(trials: list[Trial]) -> None:
    figures: dict[str, dict[str, list[float]]] = {}
    for trial in trials:
        for name, value in json.loads(trial.result_file.read_text()).items():
            figures.setdefault(trial.variant, {}).setdefault(name, []).append(value)
    print(f"\n{'':32}{'train':>8}{'valid':>8}{'test':>8}{'(range)':>16}{'linear':>8}{'s':>6}")
    for variant, values in figures.items():
        mean = {name: statistics.fmean(series) for name, series in values.items()}
        spread = f"({min(values['test']):.4f}-{max(values['test']):.4f})"
        scores = "".join(f"{mean[name]:8.4f}" for name in ("train", "valid", "test"))
        print(f"{variant:32}{scores} {spread:>15}{mean['linear']:8.4f}{mean['seconds']:6.0f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

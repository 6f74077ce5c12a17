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
    "as configured, default labels": ("default", ()),
    "full precision": ("21", ("model.quantization=none",)),
    "without the aisle": ("21", ("train.aisle_weight=0",)),
    "without LoRA": ("21", ("train.freeze=[lora_]",)),
    "names-pretrained base": ("21", ("model.nano.pretrain_epochs=3",)),
    "head only": ("21", ("train.freeze=[lora_,embed_tokens,norm]",)),
}
RESAMPLES = 2_000
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
    options.add_argument("--only", nargs="+", choices=VARIANTS, default=tuple(VARIANTS))
    chosen = options.parse_args()
    prepare(chosen.work, *LABEL_SETS)
    trials = [Trial(v, seed, chosen.work) for v in chosen.only for seed in range(chosen.seeds)]
    waiting = [trial for trial in trials if not trial.result_file.is_file()]
    with ProcessPoolExecutor(chosen.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        for number, line in enumerate(pool.map(run_trial, waiting), start=1):
            print(f"[{number}/{len(waiting)}] {line}", flush=True)
    _report(trials)


def prepare(work: Path, *label_sets: str) -> None:
    """A Dataset in `work` for each label set, where there is none yet."""
    catalog = os.environ.get("SHELFTAG_REAL_CATALOG")
    source = ("--catalog", catalog) if catalog else ()
    tables = work / "tables"
    if not (tables / "manifest.json").is_file():
        _shelftag("synthesize", "--out", str(tables), "--lines", "1000000", *source)
    for name in label_sets:
        dataset, settings = work / name, LABEL_SETS[name]
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
    result = train_and_score(config, Dataset(trial.work / label_set))
    write_json(trial.result_file, result)
    return f"{trial.variant}, seed {trial.seed}: {in_short(result)}"


def train_and_score(config: Any, dataset: Any) -> dict[str, Any]:
    """Seconds, and for each model which products of each split it has right, as 0 and 1."""
    from tempfile import TemporaryDirectory

    from shelftag.catalog.departments import Departments
    from shelftag.training.examples import read_examples

    departments = Departments(dataset.manifest().departments)
    splits = {
        split: read_examples(dataset, departments, split, config.train.count_alpha)
        for split in ("valid", "test")
    }
    with TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = train_here(config, dataset, Path(folder) / "run")
        took = time.perf_counter() - started
        return {"seconds": round(took, 1)} | _scores(run, splits)


def train_here(config: Any, dataset: Any, folder: Path) -> Any:
    """A Run over a made base, trained in this process without Ray."""
    from shelftag.artifacts import Run
    from shelftag.catalog.departments import Departments
    from shelftag.model.adapter import MADE_BASE
    from shelftag.training.examples import read_examples
    from shelftag.training.fit import fit
    from shelftag.training.freeze import freeze
    from shelftag.training.pretrain import make_base

    departments = Departments(dataset.manifest().departments)
    train = read_examples(dataset, departments, "train", config.train.count_alpha)
    run = Run(folder)
    run.begin()
    nano, seed, prompt = config.model.nano, config.train.seed, config.model.prompt
    make_base(train.texts, departments, nano, seed, run.base_dir, lambda *_: None, prompt)
    fit(config, str(run.base_dir), departments, train, run.checkpoints_dir)
    (checkpoint,) = run.checkpoints_dir.glob("checkpoint-*")
    freeze(run, dataset, config, checkpoint, MADE_BASE, {})
    return run


def _scores(run: Any, splits: dict[str, Any]) -> dict[str, Any]:
    """Of the tagger, of its adapter alone, and of the linear model it is measured by."""
    from dataclasses import replace

    from sklearn.metrics import f1_score

    from shelftag.model.linear import LinearModel
    from shelftag.tagging.identity import check_run
    from shelftag.tagging.tagger import load_scorer

    checked = check_run(run)
    form, departments = checked.form, checked.departments
    models = {
        "tagger": load_scorer(run, departments, form, 256).logits,
        "adapter": load_scorer(run, departments, replace(form, linear_weight=0.0), 256).logits,
        "linear": LinearModel.load(run.linear_dir).decision,
    }
    scores: dict[str, Any] = {}
    for model, logits in models.items():
        for split, rows in splits.items():
            chosen = logits(rows.texts).argmax(axis=1)
            right = (chosen == rows.labels).astype(int).tolist()
            macro_f1 = f1_score(rows.labels, chosen, average="macro", zero_division=0)
            scores[f"{model} {split}"] = {"right": right, "macro_f1": float(macro_f1)}
    return scores


def in_short(result: dict[str, Any]) -> str:
    scored = {name: value for name, value in result.items() if name != "seconds"}
    scores = ", ".join(f"{n} {statistics.fmean(v['right']):.4f}" for n, v in scored.items())
    return f"{scores}, {result['seconds']} s"


def _report(trials: list[Trial]) -> None:
    """Means over seeds; the difference to the linear model with its paired bootstrap."""
    table: dict[str, dict[str, Any]] = {}
    print(
        f"\n{'':32}{'s':>6}{'valid':>8}{'test':>8}{'F1':>7}{'alone':>8}{'linear':>8}  less linear"
    )
    for variant in dict.fromkeys(trial.variant for trial in trials):
        files = [trial.result_file for trial in trials if trial.variant == variant]
        row = table[variant] = means([json.loads(file.read_text()) for file in files])
        cells = (
            f"{row['seconds']:6.0f}{row['valid']:8.4f}{row['test']:8.4f}{row['macro_f1']:7.3f}"
            f"{row['adapter_alone']:8.4f}{row['linear']:8.4f}"
        )
        low, high = row["interval"]
        print(f"{variant:32}{cells}  {row['less_linear']:+.4f} [{low:+.4f}, {high:+.4f}]")
    print(json.dumps(table))


def means(results: list[dict[str, Any]]) -> dict[str, Any]:
    import numpy as np

    right = {
        name: np.array([result[name]["right"] for result in results]).mean(axis=0)
        for name in results[0]
        if name != "seconds"
    }
    difference = right["tagger test"] - right["linear test"]  # [products], mean over seeds
    draws = np.random.default_rng(0).integers(0, len(difference), (RESAMPLES, len(difference)))
    low, high = np.quantile(difference[draws].mean(axis=1), (0.025, 0.975))
    by_seed = [statistics.fmean(result["tagger test"]["right"]) for result in results]
    return {
        "seconds": statistics.fmean(result["seconds"] for result in results),
        "valid": float(right["tagger valid"].mean()),
        "test": float(right["tagger test"].mean()),
        "test_by_seed": [round(value, 4) for value in by_seed],
        "macro_f1": statistics.fmean(result["tagger test"]["macro_f1"] for result in results),
        "adapter_alone": float(right["adapter test"].mean()),
        "linear": float(right["linear test"].mean()),
        "linear_macro_f1": statistics.fmean(r["linear test"]["macro_f1"] for r in results),
        "less_linear": float(difference.mean()),
        "interval": [round(float(low), 4), round(float(high), 4)],
    }


if __name__ == "__main__":
    main()

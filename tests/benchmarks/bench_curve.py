"""The fine-tuned Llama's own learning curve, beside the linear model's: `make bench-curve`.

Over a real catalog (SHELFTAG_REAL_CATALOG), else a made one of the same size. `nano_cpu` is trained
in full on 1/8, 1/4, 1/2 and all of the train products, each share with each seed, one process and
one thread for each; base, tokenizer and linear models see the share only. Epochs stay the same, so
that steps grow with the products. Results are kept in the work folder: a cut bench goes on where
it was.

    python -m tests.benchmarks.bench_curve --work /tmp/bench --parts 8 4 --seeds 1 --jobs 1
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from shelftag.artifacts import Dataset, fingerprint, write_json
from tests.benchmarks.bench_nano import in_short, means, prepare, train_and_score

PARTS = (8, 4, 2, 1)
"""One in so many train products."""


@dataclass(frozen=True)
class Trial:
    """One training run of the bench."""

    part: int
    seed: int
    work: Path

    @property
    def result_file(self) -> Path:
        return self.work / "results" / f"one-in-{self.part}-{self.seed}.json"


def main() -> None:
    """Prepare, train what is missing, print the table and one JSON line."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=Path("build/bench-curve"))
    options.add_argument("--parts", type=int, nargs="+", default=PARTS, help="1 in so many")
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args()
    prepare(chosen.work, "default")
    trials = [Trial(p, seed, chosen.work) for p in chosen.parts for seed in range(chosen.seeds)]
    waiting = [trial for trial in trials if not trial.result_file.is_file()]
    with ProcessPoolExecutor(chosen.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        for number, line in enumerate(pool.map(run_trial, waiting), start=1):
            print(f"[{number}/{len(waiting)}] {line}", flush=True)
    _report(trials)


def run_trial(trial: Trial) -> str:
    """Train on the share, score the test split; returns the line that is printed."""
    from shelftag.config import load_config
    from shelftag.model.runtime import set_up

    config = load_config(overrides=[f"train.seed={trial.seed}", "train.save_steps=9999"])
    set_up(threads=1)
    with TemporaryDirectory() as folder:
        part = one_in(Dataset(trial.work / "default"), trial.part, trial.seed, Path(folder))
        labels = part.manifest().splits["train"]
        result = train_and_score(config, part)
    write_json(trial.result_file, {"labels": labels, **result})
    return f"{labels:,} labels, seed {trial.seed}: {in_short(result)}"


def one_in(whole: Dataset, part: int, seed: int, folder: Path) -> Dataset:
    """A Dataset of the same products less some of the train split, without order lines."""
    table, manifest = pq.read_table(whole.products_file), whole.manifest()
    train = np.flatnonzero(np.array(table["split"].to_pylist()) == "train")
    left_out = np.random.default_rng(seed).permutation(train)[len(train) // part :]
    kept = np.setdiff1d(np.arange(len(table)), left_out)
    made = Dataset(folder)
    made.begin()
    pq.write_table(table.take(kept), made.products_file)
    counts = {**manifest.splits, "train": len(train) // part}
    identity = fingerprint(manifest.fingerprint, f"1 in {part}, seed {seed}")
    made.publish(manifest.model_copy(update={"fingerprint": identity, "splits": counts}))
    return made


def _report(trials: list[Trial]) -> None:
    """Means over seeds; the difference to the linear model with its paired bootstrap."""
    table: dict[str, dict[str, Any]] = {}
    print(f"\n{'labels':>8}{'s':>7}{'test':>8}{'F1':>7}{'alone':>8}{'linear':>8}  less linear")
    for part in dict.fromkeys(trial.part for trial in trials):
        files = [trial.result_file for trial in trials if trial.part == part]
        found = [json.loads(file.read_text()) for file in files]
        labels = found[0]["labels"]
        row = table[labels] = means([_without_labels(one) for one in found])
        low, high = row["interval"]
        print(
            f"{labels:8,}{row['seconds']:7.0f}{row['test']:8.4f}{row['macro_f1']:7.3f}"
            f"{row['adapter_alone']:8.4f}{row['linear']:8.4f}"
            f"  {row['less_linear']:+.4f} [{low:+.4f}, {high:+.4f}]"
        )
    print(json.dumps(table))


def _without_labels(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "labels"}


if __name__ == "__main__":
    main()

"""A department the Run never saw, added to the closed set by name: `make bench-new-department`.

One department is left out of training (`catalog.unlabelled`), a `generate` Run is trained on the
others, and `tagging.new_departments` names the one left out. How many of its products are found,
and how many others it takes. Made tables of the demo's size; over a real catalog with
SHELFTAG_REAL_CATALOG and `--lines 1000000`, which takes half an hour a department.

    python -m tests.benchmarks.bench_new_department --leave-out pets --work /tmp/bench
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shelftag.artifacts import Dataset, Run, remove
from shelftag.config.tagging import TaggingConfig
from tests.benchmarks.bench_nano import train_here
from tests.benchmarks.quiet import say
from tests.presets import preset

NOT_KNOWN = ("missing", "other")


def main() -> None:
    """For each department: prepare and train without it, add its name, print what that brings."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--work", type=Path, default=Path("build/bench-new-department"))
    options.add_argument("--leave-out", nargs="+", default=("pets", "bakery"))
    options.add_argument("--lines", default="200000")
    options.add_argument("--products", default="12000", help="made ones")
    options.add_argument("--epochs", default="2")
    chosen = options.parse_args()
    found = {}
    for department in chosen.leave_out:
        dataset = _prepared(chosen, department)
        run, seconds = _trained(chosen, dataset, department)
        found[department] = measure(run, dataset, department) | {"seconds": seconds}
        say(f"{department}: {found[department]}")
    _report(found)


def measure(run: Run, dataset: Dataset, department: str) -> dict[str, Any]:
    """Shares of its products, and of the others' test products, before and after it is named."""
    from shelftag.tagging.tagger import Tagger

    before = Tagger.load(run, TaggingConfig())
    after = Tagger.load(run, TaggingConfig(new_departments=(department,)))
    mine, _ = _products(dataset, pc.field("department") == department)
    others, filed = _products(dataset, pc.field("split") == "test")
    labels = np.array([before.departments.index[name] for name in filed])
    return figures(
        after.probabilities(mine),
        before.probabilities(others),
        after.probabilities(others),
        labels,
    )


def figures(
    mine: NDArray[np.float32],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> dict[str, Any]:
    """The new department is the last column of `mine` and `after`; `labels` are of the others.

    `ranked_apart` is the area under the ROC curve of that column: 0.5 says that its probability
    knows nothing of its products, however small it is.
    """
    from sklearn.metrics import roc_auc_score

    is_mine = np.repeat([1, 0], [len(mine), len(after)])
    new = mine.shape[1] - 1
    taken = after.argmax(axis=1) == new
    return {
        "products": len(mine),
        "found": float((mine.argmax(axis=1) == new).mean()),
        "found_in_top_3": float((np.argsort(-mine, axis=1)[:, :3] == new).any(axis=1).mean()),
        "ranked_apart": float(roc_auc_score(is_mine, np.append(mine[:, -1], after[:, -1]))),
        "by_chance": 1 / (new + 1),
        "others": len(labels),
        "taken_from_others": float(taken.mean()),
        "accuracy_before": float((before.argmax(axis=1) == labels).mean()),
        "accuracy_after": float((after.argmax(axis=1) == labels).mean()),
    }


def _products(dataset: Dataset, wanted: pc.Expression) -> tuple[list[str], list[str]]:
    """Model inputs and departments."""
    from shelftag.training.examples import texts_of

    table = pq.read_table(dataset.products_file, filters=wanted)
    return texts_of(table), table["department"].to_pylist()


def _prepared(chosen: argparse.Namespace, department: str) -> Dataset:
    catalog = os.environ.get("SHELFTAG_REAL_CATALOG")
    source = ("--catalog", catalog) if catalog else (f"synthesis.products={chosen.products}",)
    tables, dataset = chosen.work / "tables", Dataset(chosen.work / f"without-{department}")
    if not (tables / "manifest.json").is_file():
        _shelftag("synthesize", "--out", str(tables), "--lines", chosen.lines, *source)
    if not dataset.is_complete:
        left_out = f"catalog.unlabelled={json.dumps([*NOT_KNOWN, department])}"
        _shelftag("prepare", "--tables", str(tables), "--out", str(dataset.path), left_out)
    return dataset


def _shelftag(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pipelines", *words], check=True, stdout=sys.stderr)


def _trained(chosen: argparse.Namespace, dataset: Dataset, department: str) -> tuple[Run, float]:
    """The Run, and the seconds it took; 0 where it was there."""
    from shelftag.model.runtime import set_up

    run = Run(chosen.work / f"run-without-{department}")
    if run.is_complete:
        return run, 0.0
    remove(run.path)
    set_up(threads=1)
    config = preset("nano_generate", f"train.epochs={chosen.epochs}", "train.save_steps=9999")
    started = time.perf_counter()
    train_here(config, dataset, run.path)
    return run, round(time.perf_counter() - started, 1)


def _report(found: dict[str, dict[str, Any]]) -> None:
    columns = {
        "found": "its products found",
        "found_in_top_3": "in the top 3",
        "taken_from_others": "others taken",
        "accuracy_before": "accuracy of others, before",
        "accuracy_after": "after",
    }
    print(f"{'left out':16}" + "".join(f"{title:>28}" for title in columns.values()))
    for department, row in found.items():
        print(f"{department:16}" + "".join(f"{row[name]:28.1%}" for name in columns))
    apart = ", ".join(f"{one} {row['ranked_apart']:.3f}" for one, row in found.items())
    print(f"area under the ROC curve of the new probability: {apart}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()

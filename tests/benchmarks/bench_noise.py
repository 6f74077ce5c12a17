"""How many labels that were made wrong are found again: `make bench-noise`.

Over a real catalog (SHELFTAG_REAL_CATALOG), else a made one of the same size and without errors of
its own. Of all labelled products 3% are drawn, and each is filed under another department, drawn
evenly. Nothing else of it changes, and nothing else is looked at: neither aisle nor purchases reach
the machines, so a wrong label has to be told from the name alone. What the catalog itself has wrong
stays, and counts against us: whoever finds such an error first is charged with a false alarm.

    python -m tests.benchmarks.bench_noise --seeds 3
"""

import argparse
import csv
import json
import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.catalog.text import text
from shelftag.config.catalog import CatalogConfig
from shelftag.config.synthesis import SynthesisConfig
from shelftag.evaluation.label_noise import find_suspects
from shelftag.model.out_of_fold import out_of_fold
from shelftag.synthesis.products import made_products
from shelftag.synthesis.shelves import DEPARTMENTS
from shelftag.tables.products import token_key

SHARE = 0.03


class Labelled(NamedTuple):
    """n products and their departments."""

    names: list[str]
    labels: NDArray[np.int64]
    departments_count: int


class Found(NamedTuple):
    """One seed."""

    planted: int
    estimated: int
    """Wrong labels by cleanlab's estimate, the catalog's own among them."""
    recall_at_1x: float
    """Of the planted, found among as many first suspects."""
    recall_at_2x: float
    """... among twice as many."""
    seconds: float


def main() -> None:
    """Plant, look, print a table and one JSON line."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--seeds", type=int, default=3)
    seeds = range(options.parse_args().seeds)
    folder = os.environ.get("SHELFTAG_REAL_CATALOG")
    catalog = real_catalog(Path(folder)) if folder else made_catalog()
    print(f"{len(catalog.labels):,} products, {catalog.departments_count} departments")
    print("seed  planted  estimated  at 1x   at 2x  seconds")
    results = []
    for seed in seeds:
        one = find_planted(catalog, seed)
        results.append(one)
        print(
            f"{seed:4}{one.planted:9,}{one.estimated:11,}{one.recall_at_1x:7.1%}"
            f"{one.recall_at_2x:8.1%}{one.seconds:9.0f}",
            flush=True,
        )
    figures = {
        "catalog": "real" if folder else "made",
        "products": len(catalog.labels),
        "share": SHARE,
        "seeds": list(seeds),
        "recall_at_1x": statistics.fmean(one.recall_at_1x for one in results),
        "recall_at_2x": statistics.fmean(one.recall_at_2x for one in results),
        "recall_at_2x_by_seed": [round(one.recall_at_2x, 4) for one in results],
        "seconds": statistics.median(one.seconds for one in results),
    }
    print(json.dumps(figures))


def real_catalog(folder: Path) -> Labelled:
    """products.csv and departments.csv, with the default labels."""
    named = {row["department_id"]: row["department"] for row in _csv(folder / "departments.csv")}
    products = _csv(folder / "products.csv")
    names = [row["product_name"] for row in products]
    return _labelled(names, [named[row["department_id"]] for row in products])


def made_catalog() -> Labelled:
    """As many products as the public catalog has, all filed rightly."""
    products = made_products(SynthesisConfig(label_noise=0.0), np.random.SeedSequence(0))
    departments = [DEPARTMENTS[number] for number in products["department_id"].to_pylist()]
    return _labelled(products["product_name"].to_pylist(), departments)


def find_planted(catalog: Labelled, seed: int) -> Found:
    """Make labels wrong, and look for them as `evaluate` does."""
    started = time.perf_counter()
    labels, wrong = plant(catalog.labels, catalog.departments_count, seed)
    texts, groups = ([make(name) for name in catalog.names] for make in (text, token_key))
    likely = out_of_fold(texts, labels, groups, catalog.departments_count, seed)
    suspects = find_suspects(labels, likely)
    first, second = (np.isin(wrong, suspects.rows[: n * len(wrong)]).mean() for n in (1, 2))
    seconds = time.perf_counter() - started
    return Found(len(wrong), suspects.estimated, float(first), float(second), seconds)


def plant(
    labels: NDArray[np.int64], departments_count: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels [n] of which some are another department's, and the rows of these."""
    rng = np.random.default_rng(seed)
    wrong = rng.choice(len(labels), round(SHARE * len(labels)), replace=False)
    noisy = labels.copy()
    step = rng.integers(1, departments_count, len(wrong))
    noisy[wrong] = (labels[wrong] + step) % departments_count
    return noisy, wrong


def _labelled(names: list[str], filed: list[str]) -> Labelled:
    departments = Departments.learned(filed, CatalogConfig().unlabelled)
    rows = [row for row, name in enumerate(filed) if name in departments.index]
    labels = np.array([departments.index[filed[row]] for row in rows], np.int64)
    return Labelled([names[row] for row in rows], labels, len(departments))


def _csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


if __name__ == "__main__":
    main()

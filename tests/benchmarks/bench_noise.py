"""How many labels that were made wrong are found again: `make bench-noise`.

Over a real catalog (SHELFTAG_REAL_CATALOG), else a made one of the same size and without errors of
its own. Of all labelled products 3% are drawn, and each is filed under another department:

- evenly: any other department, drawn evenly. Easy: most of them are absurd.
- confusable: drawn from those that the linear model, out of fold and before anything is planted,
  takes products of that department for. Where people err too.

Nothing else of it changes, and nothing else is looked at: neither aisle nor purchases reach the
machines, so a wrong label has to be told from the name alone. What the catalog itself has wrong
stays, and counts against us: whoever finds such an error first is charged with a false alarm. The
machines' C was chosen by evenly planted errors of seed 0: other seeds are scored.

    python -m tests.benchmarks.bench_noise --seeds 1 2 3
"""

import argparse
import csv
import json
import os
import statistics
import time
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from shelftag.catalog.departments import Departments
from shelftag.catalog.split import token_key
from shelftag.catalog.text import text
from shelftag.config.catalog import CatalogConfig
from shelftag.config.synthesis import SynthesisConfig
from shelftag.evaluation.label_noise import find_suspects
from shelftag.model.out_of_fold import out_of_fold
from shelftag.synthesis.products import made_products
from shelftag.synthesis.shelves import DEPARTMENTS

SHARE = 0.03
SEEDS = (1, 2, 3)

Kind = Literal["evenly", "confusable"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Labelled(NamedTuple):
    """n products and their departments."""

    names: list[str]
    labels: NDArray[np.int64]
    departments_count: int


class Found(NamedTuple):
    """One kind of errors, planted with one seed."""

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
    options.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    seeds = options.parse_args().seeds
    folder = os.environ.get("SHELFTAG_REAL_CATALOG")
    catalog = real_catalog(Path(folder)) if folder else made_catalog()
    print(f"{len(catalog.labels):,} products, {catalog.departments_count} departments", flush=True)
    wrong_ways = confusions(catalog.labels, likely(catalog, catalog.labels, seed=0))
    print("seed  kind        planted  estimated  at 1x   at 2x  seconds", flush=True)
    found: dict[Kind, list[Found]] = {kind: [] for kind in KINDS}
    for seed in seeds:
        for kind in KINDS:
            one = find_planted(catalog, seed, wrong_ways if kind == "confusable" else None)
            found[kind].append(one)
            print(f"{seed:4}  {kind:10}{_cells(one)}", flush=True)
    figures = {
        "catalog": "real" if folder else "made",
        "products": len(catalog.labels),
        "share": SHARE,
        "seeds": list(seeds),
        **_recalls("", found["evenly"]),
        **_recalls("_confusable", found["confusable"]),
        "seconds": statistics.median(one.seconds for each in found.values() for one in each),
    }
    print(json.dumps(figures))


def _cells(one: Found) -> str:
    return (
        f"{one.planted:9,}{one.estimated:11,}{one.recall_at_1x:7.1%}"
        f"{one.recall_at_2x:8.1%}{one.seconds:9.0f}"
    )


def _recalls(suffix: str, found: list[Found]) -> dict[str, float | list[float]]:
    return {
        f"recall_at_1x{suffix}": statistics.fmean(one.recall_at_1x for one in found),
        f"recall_at_2x{suffix}": statistics.fmean(one.recall_at_2x for one in found),
        f"recall_at_2x{suffix}_by_seed": [round(one.recall_at_2x, 4) for one in found],
    }


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


def find_planted(
    catalog: Labelled, seed: int, wrong_ways: NDArray[np.float64] | None = None
) -> Found:
    """Make labels wrong, and look for them as `evaluate` does, in twice as many as are planted.

    Args:
        wrong_ways: `confusions`; None for errors drawn evenly.
    """
    started = time.perf_counter()
    count = catalog.departments_count
    ways = even(count) if wrong_ways is None else wrong_ways
    labels, wrong = plant(catalog.labels, ways, seed)
    suspects = find_suspects(labels, likely(catalog, labels, seed), examined=2 * len(wrong))
    first, second = (np.isin(wrong, suspects.rows[: n * len(wrong)]).mean() for n in (1, 2))
    seconds = time.perf_counter() - started
    return Found(len(wrong), suspects.estimated, float(first), float(second), seconds)


def likely(catalog: Labelled, labels: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Out-of-fold probabilities [n, departments], by machines that learn these labels [n]."""
    texts, groups = ([make(name) for name in catalog.names] for make in (text, token_key))
    return out_of_fold(texts, labels, groups, catalog.departments_count, seed)


def even(departments_count: int) -> NDArray[np.float64]:
    """Any other department, each as likely, [department, wrong department]."""
    return (1 - np.eye(departments_count)) / (departments_count - 1)


def confusions(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For which other departments products [n] of each are taken, [department, wrong department].

    A department that is never taken for another errs evenly.
    """
    count = probabilities.shape[1]
    taken = np.zeros((count, count))
    np.add.at(taken, (labels, probabilities.argmax(axis=1)), 1)
    np.fill_diagonal(taken, 0)
    sums = taken.sum(axis=1, keepdims=True)
    return np.where(sums > 0, taken / np.maximum(sums, 1), even(count))


def plant(
    labels: NDArray[np.int64], wrong_ways: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels [n] of which some are another department's, and the rows of these.

    Args:
        wrong_ways: `even` or `confusions`, rows sum to 1.
    """
    rng = np.random.default_rng(seed)
    wrong = rng.choice(len(labels), round(SHARE * len(labels)), replace=False)
    noisy = labels.copy()
    for row in wrong:
        noisy[row] = rng.choice(len(wrong_ways), p=wrong_ways[labels[row]])
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

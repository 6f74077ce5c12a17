"""A made catalog: products.csv, aisles.csv and departments.csv as Arrow tables."""

import numpy as np
import pyarrow as pa

from shelftag.config.synthesis import SynthesisConfig
from shelftag.synthesis.arrays import Ints, Longs
from shelftag.synthesis.descriptions import descriptions_of
from shelftag.synthesis.names import names_of
from shelftag.synthesis.shelves import DEPARTMENTS, MISSING_AISLE, aisles

MISSING_SHARE = 0.0253
"""1,258 of 49,688 in the public catalog."""
TWIN_SHARE = 0.02
"""Products whose name has another product's words in another order."""


def made_products(config: SynthesisConfig, seed: np.random.SeedSequence) -> pa.Table:
    """`config.products` products with ids from 1: name, aisle, department, maybe a description."""
    rng = np.random.default_rng(seed)
    n = config.products
    twin_of = _twins(n, rng)
    aisle = _true_aisles(n, rng)[twin_of]
    names = names_of(aisle, twin_of, rng)
    filed = _filed(aisle, config.label_noise, rng)
    columns = {
        "product_id": np.arange(1, n + 1),
        "product_name": names,
        "aisle_id": filed,
        "department_id": departments_of(filed),
    }
    if config.descriptions:
        columns["description"] = descriptions_of(aisle, rng)
    return pa.table(columns)


def aisles_table() -> pa.Table:
    """All 134 aisles, by id."""
    known = aisles()
    return pa.table({"aisle_id": [a.aisle_id for a in known], "aisle": [a.name for a in known]})


def departments_table() -> pa.Table:
    """All 21 departments, by id."""
    return pa.table({"department_id": [*DEPARTMENTS], "department": [*DEPARTMENTS.values()]})


def departments_of(aisle: Ints) -> Ints:
    """The one department of each aisle."""
    return np.array([a.department_id for a in aisles()], dtype=np.int32)[aisle - 1]


def _true_aisles(n: int, rng: np.random.Generator) -> Ints:
    width = np.array([aisle.width for aisle in aisles()])
    return (1 + rng.choice(len(width), size=n, p=width / width.sum())).astype(np.int32)


def _twins(n: int, rng: np.random.Generator) -> Longs:
    """Each row itself, or for twins the row whose words they have; no twin of a twin."""
    twin_of = np.arange(n)
    chosen = rng.permutation(n)[: 2 * round(n * TWIN_SHARE)].reshape(2, -1)
    twin_of[chosen[0]] = chosen[1]
    return twin_of


def _filed(aisle: Ints, label_noise: float, rng: np.random.Generator) -> Ints:
    """Where people put the products: some in a wrong aisle, some in none."""
    filed = aisle.copy()
    wrong = rng.permutation(len(aisle))[: round(len(aisle) * label_noise)]
    filed[wrong] = _another(aisle[wrong], rng)
    filed[rng.permutation(len(aisle))[: round(len(aisle) * MISSING_SHARE)]] = MISSING_AISLE
    return filed


def _another(aisle: Ints, rng: np.random.Generator) -> Ints:
    """Any aisle but the right one and "missing", all alike."""
    real = np.array([a.aisle_id for a in aisles() if a.aisle_id != MISSING_AISLE], dtype=np.int32)
    step = rng.integers(1, len(real), size=len(aisle))
    return np.take(real, (np.searchsorted(real, aisle) + step) % len(real))

"""Manifests and products for the report: a full one, and one of a catalog without orders."""

import numpy as np
import pyarrow as pa

from shelftag.artifacts import DatasetManifest, Leakage, Statistics, TableAccount

LONG = "x" * 300
ATTACK = "</text></style><script>console.error('run')</script><img src=http://x.test/a>\"'&$x^2$"


def products(number: int = 400, departments: int = 4) -> pa.Table:
    """Rows of products.parquet; the first department's name is hostile."""
    chance = np.random.default_rng(0)
    names = [ATTACK, LONG, *(f"department {place}" for place in range(2, departments))]
    return pa.table(
        {
            "id": pa.array(range(number), pa.int64()),
            "name": [f"product {place}" for place in range(number)],
            "department": [names[place % departments] for place in range(number)],
            "aisle": [f"aisle {place % departments}" for place in range(number)],
            "purchases": pa.array(chance.zipf(1.4, number).clip(0, 100_000) - 1, pa.int64()),
            "split": ["train"] * number,
        }
    )


def manifest(**changes: object) -> DatasetManifest:
    """Official sizes, with 300 rejected rows; every section has something to show."""
    lines = {"order_products__prior": 32_434_489, "order_products__train": 1_384_617}
    sizes = {"orders": 3_421_083, **lines, "products": 49_688, "aisles": 134, "departments": 21}
    rejected = {"order_products__prior": 257, "orders": 43}
    merged = sum(lines.values()) - 257
    splits = {"train": 38_250, "valid": 4_878, "test": 4_706, "unlabelled": 1_854}
    values: dict[str, object] = {
        "shelftag": "0.1.0",
        "fingerprint": "d" * 32,
        "config": {},
        "departments": ("department 1", "department 2", LONG),
        "split_protocol": "token_set",
        "splits": splits,
        "splits_by_department": {
            ATTACK: {"train": 0, "valid": 0, "test": 0, "unlabelled": 1_854},
            "department 1": {"train": 38_000, "valid": 4_800, "test": 4_700, "unlabelled": 0},
            LONG: {"train": 1, "valid": 1, "test": 0, "unlabelled": 0},
            "department 2": {"train": 250, "valid": 78, "test": 0, "unlabelled": 0},
        },
        "tables": {
            name: TableAccount(
                read=size, merged=size - rejected.get(name, 0), rejected=rejected.get(name, 0)
            )
            for name, size in sizes.items()
        },
        "order_lines": {"merged": merged, "kept": merged - 2_078_068, "dropped": 2_078_068},
        "reject_reasons": {"order does not exist": 200, "text in a number": 100},
        "inputs": {f"s3://{LONG}/orders.csv": "108,968,645 bytes, " + "a" * 32},
        "leakage": LEAKAGE,
        "statistics": STATISTICS,
        "parts": (),
    }
    return DatasetManifest.model_validate(values | changes)


LEAKAGE = Leakage(
    held_out=9_584,
    near=312,
    near_examples=(("Greek Yogurt Vanila", "Vanilla Greek Yogurt"), (ATTACK, LONG)),
    test_purchases=3_012_345,
    conflicts=74,
    conflicting_products=151,
    determining=("aisle",),
)
LEAKING = Leakage(
    held_out=9_584,
    exact=9_500,
    spelling=9_560,
    token_set=9_570,
    near=9_575,
    test_purchases=100_000,
    test_purchases_known=99_990,
    lookup_right=99_900,
)


def _statistics() -> Statistics:
    hours = np.exp(-((np.arange(24) - 14) ** 2) / 30)
    days = np.array([600, 587, 467, 437, 426, 453, 449])
    orders = np.rint(np.outer(days, hours) * 105).astype(int)
    steps = np.arange(100)
    return Statistics(
        orders=tuple(tuple(day) for day in orders.tolist()),
        baskets=tuple(np.rint(3_214_874 * np.exp(-steps / 10)).astype(int).tolist()),
        nulls={"orders.days_since_prior_order": (206_209, 3_421_083)},
        words=(0, 900, 5_000, 11_000, 13_000, 9_800, 5_900, 2_600, 1_000, 350, 100, 38),
        tokens=(0, 400, 2_500, 8_000, 12_000, 10_500, 7_500, 4_400, 2_400, 1_200, 500, 288),
    )


STATISTICS = _statistics()

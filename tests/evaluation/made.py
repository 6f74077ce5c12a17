"""Small made results, for the tests of evaluation."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shelftag.artifacts import RunManifest
from shelftag.evaluation.beside_linear import ScoredRows
from shelftag.evaluation.scope import Scope

LABELS = ("bakery", "dairy", "pets")


def scope(split: str = "test", rows: int = 8, of: int | None = None) -> Scope:
    """A Scope over three departments."""
    return Scope(
        labels=LABELS,
        unlabelled=("missing", "other"),
        protocol="token_set",
        split=split,
        rows=rows,
        of=rows if of is None else of,
    )


def sure_of(chosen: NDArray[np.int64], confidence: float = 0.8) -> NDArray[np.float32]:
    """Probabilities [n, 3] that choose so, with that confidence."""
    rest = (1 - confidence) / 2
    chances = np.full((len(chosen), 3), rest, np.float32)
    chances[np.arange(len(chosen)), chosen] = confidence
    return chances


def scored(split: str, rows: int, right: float, linear_right: float, seed: int = 0) -> ScoredRows:
    """Random labels, of which the model and the linear baseline get these shares right."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 3, rows)
    wrong = (labels + 1) % 3
    chosen = np.where(np.arange(rows) < right * rows, labels, wrong)
    return ScoredRows(
        scope=scope(split, rows),
        table=pa.table({}),
        names=[f"Product {row}" for row in range(rows)],
        texts=[f"product {row}" for row in range(rows)],
        labels=labels,
        purchases=chance.integers(0, 9, rows),
        logits=np.log(sure_of(chosen)),
        probabilities=sure_of(chosen),
        linear=np.where(np.arange(rows) < linear_right * rows, labels, wrong),
    )


def manifest(dataset: str = "d" * 32) -> RunManifest:
    """A Run's manifest."""
    return RunManifest(
        shelftag="0",
        fingerprint="r" * 32,
        config={},
        dataset=dataset,
        departments=LABELS,
        base="../base",
        inference={},
        training={},
        versions={},
    )
